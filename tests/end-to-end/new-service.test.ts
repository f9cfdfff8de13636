import { join } from "node:path";
import { connectMqtt, type DeviceCertificate } from "@trine/device";
import { describe, expect, it } from "vitest";
import { INSTALLATIONS } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { shareInstallation } from "../src/shared-installation.ts";

describe.each(INSTALLATIONS)("a device service that is one folder, %s", (kind) => {
  const trine = shareInstallation(kind, { TRINE_SERVICES_DIR: join(ROOT, "tests/fixtures/services") });

  /** What the service answers to each of so many visits. */
  async function visit(certificate: DeviceCertificate, times: number): Promise<readonly string[]> {
    const { productKey, deviceName } = certificate;
    const topic = `/sys/${productKey}/${deviceName}/thing/visit/post`;
    const answers: string[] = [];
    let answered = () => {};
    const device = await connectMqtt({
      host: "127.0.0.1",
      port: trine.ports.mqtt,
      certificate,
      onMessage({ payload }) {
        answers.push(payload.toString());
        answered();
      },
    });
    await device.subscribe([`${topic}_reply`]);
    for (let time = 0; time < times; time += 1) {
      const next = new Promise<void>((done) => {
        answered = done;
      });
      await device.publish({ topic, payload: "" });
      await next;
    }
    await device.close();
    return answers;
  }

  it("answers devices, keeps its tables, and has its routes in the API and its document", async () => {
    const certificate = await trine.addDevice();
    expect(await visit(certificate, 2)).toEqual(["1", "2"]);
    const path = `/v1/products/${trine.productKey}/devices/${certificate.deviceName}/visits`;
    expect(await trine.api.call("GET", path)).toEqual({ visits: 2 });
    const { paths } = await trine.api.call<{ paths: object }>("GET", "/openapi.json");
    expect(paths).toHaveProperty(["/v1/products/{productKey}/devices/{deviceName}/visits", "get"]);
  });

  it("answers no route for a device that is not there", async () => {
    const answer = await trine.api.raw("GET", `/v1/products/${trine.productKey}/devices/nobody/visits`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: "device_not_found" }]);
  });

  it("is listed, and can be switched off for a product", async () => {
    const certificate = await trine.addDevice();
    const { items } = await trine.api.call<{ items: { name: string }[] }>("GET", "/v1/services");
    expect(items.map(({ name }) => name)).toEqual(expect.arrayContaining(["visits", "tags"]));
    const product = `/v1/products/${trine.productKey}`;
    const changed = await trine.api.call("PATCH", product, { services: { visits: false } });
    expect(changed).toMatchObject({ services: { visits: false }, closedSessions: 0 });
    expect(await visit(certificate, 1)).toEqual(["off"]);
    await trine.api.call("PATCH", product, { services: { visits: true } });
    expect(await visit(certificate, 1)).toEqual(["1"]);
    const wrong = await trine.api.raw("PATCH", product, { services: { visit: false } });
    expect([wrong.status, await wrong.json()]).toMatchObject([400, { field: "services.visit" }]);
  });
});
