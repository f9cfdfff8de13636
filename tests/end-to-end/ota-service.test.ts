import { createHash } from "node:crypto";
import { once } from "node:events";
import type { DeviceCertificate } from "@trine/device";
import { makeTempFolder } from "@trine/testkit/servers";
import { afterAll, describe, expect, it } from "vitest";
import { eventually } from "../src/fleet.ts";
import { INSTALLATIONS } from "../src/installation.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { type VendorDevice, vendorSdk } from "../src/vendor-sdk.ts";

const FILE = "firmware ".repeat(40_000);
const folder = await makeTempFolder();
afterAll(() => folder.remove());

interface Job {
  readonly jobId: string;
  readonly state: string;
  readonly devices: Readonly<Record<string, number>>;
}

describe.each(INSTALLATIONS)("a device of the vendor's Node SDK, on %s processes", (kind) => {
  const trine = shareInstallation(kind, { TRINE_FIRMWARE_DIR: folder.path });

  it("is told of its firmware, fetches it whole and in parts, and is done when it informs of the version", async () => {
    const certificate = await trine.addDevice();
    const { productKey, api } = trine;
    const octets = { "content-type": "application/octet-stream" };
    const uploaded = await api.call("POST", `/v1/products/${productKey}/firmware?version=2.0`, FILE, octets);
    expect(uploaded).toMatchObject({ module: "default", size: FILE.length, sha256: digest("sha256") });
    await expect(api.call("POST", `/v1/products/${productKey}/firmware?version=3.0`, { no: "file" })).rejects.toThrow(
      "415",
    );

    const device = vendorSdk.device({ ...certificate, brokerUrl: `mqtt://127.0.0.1:${trine.ports.mqtt}/` });
    await once(device, "connect");
    await say(device, certificate, "inform", { version: "1.0" });
    const topic = `/ota/device/upgrade/${certificate.productKey}/${certificate.deviceName}`;
    await new Promise<void>((done) => device.subscribe(topic, { qos: 1 }, () => done()));
    const told = new Promise<{ data: { url: string; md5: string; size: number } }>((done) =>
      device.on("message", (on: string, payload: Buffer) => on === topic && done(JSON.parse(payload.toString()))),
    );
    const filter = { sourceVersions: ["1.0"] };
    const job = await api.call<Job>("POST", "/v1/ota-jobs", { productKey, version: "2.0", filter });
    const { data } = await told;
    expect(data).toMatchObject({ version: "2.0", size: FILE.length, md5: digest("md5"), sign: digest("sha256") });

    const at = new URL(data.url);
    at.host = `127.0.0.1:${trine.ports.http}`;
    const whole = await fetch(at);
    expect(await whole.text()).toBe(FILE);
    const part = await fetch(at, { headers: { range: "bytes=100000-" } });
    expect([part.status, await part.text()]).toEqual([206, FILE.slice(100_000)]);

    await say(device, certificate, "progress", { step: "100", desc: "burnt" });
    const show = () => api.call<Job>("GET", `/v1/ota-jobs/${job.jobId}`);
    await eventually(show, ({ devices }) => devices["updating"] === 1);
    await say(device, certificate, "inform", { version: "2.0" });
    const ended = await eventually(show, ({ state }) => state === "finished");
    expect(ended.devices).toMatchObject({ done: 1, updating: 0, failed: 0 });
    const firmware = `/v1/products/${productKey}/devices/${certificate.deviceName}/firmware`;
    expect(await api.call("GET", firmware)).toMatchObject({ modules: [{ module: "default", version: "2.0" }] });
    const { firmwareId } = uploaded;
    expect((await api.raw("DELETE", `/v1/products/${productKey}/firmware/${firmwareId}`)).status).toBe(204);
    expect((await fetch(at)).status).toBe(404);
    await new Promise<void>((done) => device.end(false, done));
  });
});

function digest(algorithm: string): string {
  return createHash(algorithm).update(FILE).digest("hex");
}

async function say(device: VendorDevice, { productKey, deviceName }: DeviceCertificate, what: string, params: object) {
  const text = JSON.stringify({ id: "1", params });
  await new Promise<void>((done, fail) =>
    device.publish(`/ota/device/${what}/${productKey}/${deviceName}`, text, { qos: 1 }, (error) =>
      error ? fail(error) : done(),
    ),
  );
}
