import { once } from "node:events";
import { join } from "node:path";
import { type Firmware, registrationConnect, signRegistration } from "@trine/device";
import { makeTempFolder, type TempFolder } from "@trine/testkit/servers";
import { findVector, loadVectors } from "@trine/vectors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CAPTURED, capturedDevice, seedCapturedFleet } from "../src/captured-fleet.ts";
import { eventually } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";
import { bodyOf, connectOverTls, makeRegisteringProduct, postForm, registerByVendor } from "../src/self-registering.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { type VendorReply, vendorSdk } from "../src/vendor-sdk.ts";

interface Handed {
  readonly code: number;
  readonly data: { readonly productKey: string; readonly deviceName: string; readonly deviceSecret: string };
}

describe.each(INSTALLATIONS)("%s: a device that registers itself", (kind) => {
  const trine = shareInstallation(kind);
  let firmware: Omit<Firmware, "deviceName">;

  beforeAll(async () => {
    firmware = await makeRegisteringProduct(trine, "listed");
  });

  const devicesPath = () => `/v1/products/${firmware.productKey}/devices`;
  const add = (deviceName: string) => trine.api.call<{ deviceSecret: string }>("POST", devicesPath(), { deviceName });
  const show = (deviceName: string) => trine.api.call<{ status: string }>("GET", `${devicesPath()}/${deviceName}`);

  it("gets its secret by the vendor's Node SDK, as it is, and connects with it; then never again", async () => {
    const { deviceSecret } = await add("vendor_01");
    const answer = await registerByVendor(trine, { ...firmware, deviceName: "vendor_01" });
    const { productKey } = firmware;
    expect(answer).toEqual({
      code: 200,
      data: { productKey, deviceName: "vendor_01", deviceSecret },
      message: "success",
    });
    const device = vendorSdk.device({
      ...(answer as unknown as Handed).data,
      brokerUrl: `mqtt://127.0.0.1:${trine.ports.mqtt}/`,
    });
    await once(device, "connect");
    const reply = await new Promise<VendorReply>((done) => device.postProps({ on: 1 }, done));
    expect(reply.code).toBe(200);
    await new Promise<void>((done) => device.end(false, done));
    expect(await registerByVendor(trine, { ...firmware, deviceName: "vendor_01" })).toMatchObject({ code: 6289 });
  });

  it("gets it by the example for firmware authors, whose device logs in then", async () => {
    const { deviceSecret } = await add("example_01");
    const env = {
      PRODUCT_KEY: firmware.productKey,
      PRODUCT_SECRET: firmware.productSecret,
      DEVICE_NAME: "example_01",
      CA_FILE: trine.caFile,
      HTTPS_PORT: String(trine.ports.https),
    };
    const example = (file: string, more: Readonly<Record<string, string>> = {}) =>
      runCommand(["bash", join(ROOT, "docs/examples", file)], { env: { ...env, ...more } });
    const { code, stdout, stderr } = await example("https-register.sh");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect((JSON.parse(stdout) as Handed).data.deviceSecret).toBe(deviceSecret);
    expect(await example("https.sh", { DEVICE_SECRET: deviceSecret })).toMatchObject({ code: 0 });
    expect((await example("https-register.sh")).stdout).toContain('"code":6289');
  });

  it("is refused by its code", async () => {
    await add("refused_01");
    const ask = (given: object) => registerByVendor(trine, { ...firmware, deviceName: "refused_01", ...given });
    expect(await ask({ deviceName: "unknown_01" })).toMatchObject({ code: 6100 });
    expect(await ask({ productKey: "a1Unknown00" })).toMatchObject({ code: 6250 });
    expect(await ask({ productSecret: "x".repeat(16) })).toMatchObject({ code: 6600 });
    // The SDK declares the one and signs with the other, as at its logins (wire-format 0.14).
    expect(await ask({ signMethod: "hmacsha256" })).toMatchObject({ code: 6600 });
    expect(await ask({})).toMatchObject({ code: 200 });
  });

  it("gets it once, when it asks over two protocols, and so two processes, at once", async () => {
    for (let round = 0; round < 3; round += 1) {
      const device = { ...firmware, deviceName: `race_${round}` };
      await add(device.deviceName);
      const signed = signRegistration(device, { random: "1" });
      const form = String(new URLSearchParams({ ...signed }));
      const login = registrationConnect(signed);
      const [first, second, third] = await Promise.all([
        postForm(trine, form),
        connectOverTls(trine, login),
        postForm(trine, form),
      ]);
      const handedOver = [bodyOf(first), second.text ?? "", bodyOf(third)].filter((text) =>
        text.includes("deviceSecret"),
      );
      expect(handedOver).toHaveLength(1);
    }
  });

  it("is added where the product is open, within the names of its list, and logs in with a device token", async () => {
    const open = await makeRegisteringProduct(trine, "open");
    const names = { names: ["open_01"], prefixes: ["lamp-"] };
    await trine.api.call("PUT", `/v1/products/${open.productKey}/registration/names`, names);
    const ask = (deviceName: string) => {
      const signed = signRegistration({ ...open, deviceName }, { random: "7" });
      return connectOverTls(trine, registrationConnect(signed, "regnwl"));
    };
    expect(await ask("pump-1")).toEqual({ code: 5 });
    const { code, topic, text = "" } = await ask("lamp-1");
    expect([code, topic]).toEqual([0, "/ext/regnwl"]);
    const handed = JSON.parse(text) as { clientId: string; productKey: string; deviceToken: string };
    const login = {
      clientId: `${handed.clientId}|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0|`,
      username: `lamp-1&${handed.productKey}`,
      password: handed.deviceToken,
    };
    expect((await connectOverTls(trine, { ...login, password: "0".repeat(40) }, false)).code).toBe(4);
    expect((await connectOverTls(trine, login, false)).code).toBe(0);
    const path = `/v1/products/${open.productKey}/devices/lamp-1`;
    await eventually(
      () => trine.api.call<{ items: { event: string }[] }>("GET", `${path}/timeline`),
      ({ items }) =>
        ["created", "registered", "activated"].every((event) => items.some((item) => item.event === event)),
    );
    await trine.api.call("POST", `${path}/disable`);
    expect((await connectOverTls(trine, login, false)).code).toBe(5);
  });

  it("gets nothing in clear, and nothing before the operator switches it on, which closes nobody's connection", async () => {
    await add("clear_01");
    const signed = signRegistration({ ...firmware, deviceName: "clear_01" }, { random: "1" });
    const form = new URLSearchParams({ ...signed });
    const url = `http://127.0.0.1:${trine.ports.http}/auth/register/device`;
    const plain = await fetch(url, { method: "POST", body: form });
    expect(await plain.json()).toMatchObject({ code: 460 });
    const product = `/v1/products/${firmware.productKey}`;
    expect(await trine.api.call("PATCH", product, { policy: {} })).toMatchObject({ closedSessions: 0 });
    expect(JSON.parse(bodyOf(await postForm(trine, String(form))))).toMatchObject({ code: 6288 });
    await trine.api.call("PATCH", product, { policy: { registration: "listed" } });
    expect(JSON.parse(bodyOf(await postForm(trine, String(form))))).toMatchObject({ code: 200 });
    expect((await show("clear_01")).status).toBe("UNACTIVE");
  });
});

describe("registrations as the vendor's C SDKs send them", () => {
  let folder: TempFolder;
  let trine: Installation;

  beforeAll(async () => {
    folder = await makeTempFolder("captured-registrations");
    await seedCapturedFleet(folder.path);
    trine = await startInstallation("embedded", { TRINE_DATA_DIR: folder.path });
    for (const name of CAPTURED) {
      const path = `/v1/products/${capturedDevice(name).productKey}`;
      await trine.api.call("PATCH", path, { policy: { registration: "open" } });
    }
  }, 120_000);
  afterAll(async () => {
    await trine?.dispose();
    await folder?.remove();
  });

  const secretOf = (name: "A" | "B") => loadVectors().meta.identities[name]?.["deviceSecret"];

  it.each(CAPTURED)("C SDK 3.2.0 over HTTPS, device %s", async (name) => {
    const body = String(findVector(`dynreg-https-c320-${name}`).outputs["body"]);
    const answer = await eventually(
      () => postForm(trine, body),
      (text) => bodyOf(text).startsWith('{"code":200,'),
    );
    expect(answer).toMatch(/^HTTP\/1\.1 200 .*\r\nContent-Length: \d+\r\n/ms);
    expect(bodyOf(answer)).toContain(`"deviceSecret":"${secretOf(name)}"`);
    expect(bodyOf(answer).length).toBeLessThanOrEqual(190);
  });

  it.each([
    ["dynreg-mqtt-c320-A", "A"],
    ["dynreg-mqtt-c320-B", "B"],
    ["dynreg-mqtt-c4-register-A", "A"],
  ] as const)("over MQTT, %s", async (id, name) => {
    const login = findVector(id).outputs as { clientId: string; username: string; password: string };
    const { topic, text } = await eventually(
      () => connectOverTls(trine, login),
      ({ code }) => code === 0,
    );
    expect(topic).toBe("/ext/register");
    expect(text).toContain(`"deviceSecret":"${secretOf(name)}"`);
  });

  it("C SDK 4 over CoAP and DTLS", async () => {
    const { signedParams, outputs } = findVector("dynreg-coap-c4-A");
    const payload = JSON.stringify({ signmethod: "hmacsha256", ...signedParams, sign: outputs["sign"] });
    const uri = `coaps://127.0.0.1:${trine.ports.coaps}/${outputs["path"]}`;
    const args = ["-v", "3", "-m", "post", "-B", "10", "-R", trine.caFile, "-t", "50", "-e", payload, uri] as const;
    const { stdout } = await eventually(
      () => runCommand(["coap-client-openssl", ...args]),
      (result) => result.stdout.includes("deviceSecret"),
      20_000,
    );
    expect(JSON.parse(stdout)).toMatchObject({ ...capturedDevice("A"), deviceSecret: secretOf("A") });
  });

  it("C SDK 4 for a device that is not listed, which logs in with the token as it is", async () => {
    const login = findVector("dynreg-mqtt-c4-regnwl-B").outputs as {
      clientId: string;
      username: string;
      password: string;
    };
    const { topic, text = "" } = await eventually(
      () => connectOverTls(trine, login),
      ({ code }) => code === 0,
    );
    expect(topic).toBe("/ext/regnwl");
    const { clientId, deviceToken } = JSON.parse(text) as { clientId: string; deviceToken: string };
    const later = `${clientId}|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0|`;
    const answer = await connectOverTls(trine, { ...login, clientId: later, password: deviceToken }, false);
    expect(answer.code).toBe(0);
    expect(await connectOverTls(trine, login)).toEqual({ code: 5 });
  });
});
