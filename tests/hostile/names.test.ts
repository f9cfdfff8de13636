import { type DeviceCertificate, signCoapLogin, signHttpLogin } from "@trine/device";
import { parse } from "coap-packet";
import { generate } from "mqtt-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { openUdp } from "../src/send-bytes.ts";
import { PATH_TRICKS, PRODUCT_BODIES } from "./admin-cases.ts";
import { type Bystanders, startBystanders } from "./bystanders.ts";
import { option, requestOf } from "./coap-cases.ts";
import { answersIn, SMUGGLED } from "./http-cases.ts";
import { connectOf } from "./mqtt-cases.ts";
import { LOOKALIKES } from "./name-cases.ts";
import { sendRaw } from "./raw-tcp.ts";

let trine: Installation;
let bystanders: Bystanders;
let device: DeviceCertificate;

beforeAll(async () => {
  trine = await startInstallation("embedded");
  bystanders = await startBystanders(trine);
  device = await addDevice(trine.api, bystanders.productKey, "device_01");
});
afterAll(async () => {
  await bystanders.close();
  await trine.dispose();
});

describe.each(LOOKALIKES)("device_01 with $name, and the secret of device_01,", ({ text, isName }) => {
  const other = (): DeviceCertificate => ({ ...device, deviceName: text });

  it("does not log in over MQTT", async () => {
    const { received } = await sendRaw(trine.ports.mqtt, generate(connectOf(other())));
    expect(received.toString("hex")).toBe("20020004");
  });

  it("does not log in over HTTP", async () => {
    const body = signHttpLogin(other());
    const head = `POST /auth HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Type: application/json\r\n`;
    const { received } = await sendRaw(
      trine.ports.http,
      `${head}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
    expect(answersIn(received)).toEqual([isName ? "200 20000" : "200 10001"]);
  });

  it("does not log in over CoAP", async () => {
    const sender = await openUdp(trine.ports.coap);
    const options = [option("Content-Format", "\x32")];
    const answer = await sender.send(requestOf({ options, payload: Buffer.from(signCoapLogin(other())) }));
    sender.close();
    expect(parse(answer).code).toBe(isName ? "4.01" : "4.00");
  });

  it("is not found", async () => {
    const path = `/v1/products/${device.productKey}/devices/${encodeURIComponent(text)}`;
    expect((await trine.api.raw("GET", path)).status).toBe(404);
  });

  it(isName ? "is a device of its own" : "is no name for a device", async () => {
    const { status } = await trine.api.raw("POST", `/v1/products/${device.productKey}/devices`, { deviceName: text });
    expect(status).toBe(isName ? 201 : 400);
  });
});

describe("of the REST API", () => {
  it.each(PATH_TRICKS)("%s is nothing, with the key as without", async (path) => {
    for (const key of ["", `Authorization: Bearer ${trine.adminKey}\r\n`]) {
      const request = `GET ${path} HTTP/1.1\r\nHost: h\r\n${key}Connection: close\r\n\r\n`;
      const { received } = await sendRaw(trine.ports.admin, request);
      expect(received.toString()).toMatch(/^HTTP\/1\.1 4\d\d /);
    }
  });

  it.each(PRODUCT_BODIES)("a product with $name is a bad request", async ({ body }) => {
    const answer = await trine.api.raw("POST", "/v1/products", body, { "content-type": "application/json" });
    const problem = (await answer.json()) as object;
    expect({ status: answer.status, ...problem }).toMatchObject({ status: 400, type: "about:blank" });
    expect(Object.hasOwn(Object.prototype, "role")).toBe(false);
  });

  it.each(SMUGGLED)(
    "a request with $name has one answer at most, a refusal, and the connection ends",
    async ({ bytes }) => {
      const { received, closed } = await sendRaw(trine.ports.admin, Buffer.from(withKey(String(bytes)), "latin1"));
      expect(answersIn(received)).toEqual([expect.stringMatching(/^4\d\d$/)]);
      expect(closed).toBe(true);
    },
  );
});

/** The same to a resource that is there, with the key that opens it. */
function withKey(request: string): string {
  const head = `Host: h\r\nAuthorization: Bearer ${trine.adminKey}\r\n`;
  return request.replace("/auth", "/v1/products").replace("Host: h\r\n", head);
}

it("nobody else notices, and device_01 itself logs in", async () => {
  await bystanders.expectUndisturbed();
  const { received } = await sendRaw(trine.ports.mqtt, generate(connectOf(device)), {
    isWhole: ({ length }) => length >= 4,
  });
  expect(received.toString("hex")).toBe("20020000");
});
