import { type DeviceCertificate, signHttpLogin } from "@trine/device";
import { parse } from "coap-packet";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { openUdp } from "../src/send-bytes.ts";
import { type Bystanders, startBystanders } from "./bystanders.ts";
import { LOGIN_BODIES as COAP_BODIES, type CoapCase, MALFORMED_DATAGRAMS, REFUSED_REQUESTS } from "./coap-cases.ts";
import { answersIn, type HttpCase, LOGIN_BODIES, SMUGGLED, STRANGE_PATHS } from "./http-cases.ts";
import {
  ACCEPTED,
  HARMLESS,
  KNOWN_CLIENT,
  type MqttCase,
  PINGRESP,
  REFUSED_LOGIN,
  UNKNOWN_CLIENT,
} from "./mqtt-cases.ts";
import { sendRaw } from "./raw-tcp.ts";

const GROUP = "/v1/uplink/groups/hostile/read";
const PING = Buffer.from("4000ffff", "hex");

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

describe("over MQTT", () => {
  it.each(UNKNOWN_CLIENT)("$name ends the connection, unanswered unless it is the version", expectEnd);

  it.each(REFUSED_LOGIN)("a login with $name is refused with its code", expectEnd);

  it.each(KNOWN_CLIENT)("$name ends the connection of a device that is logged in", expectEnd);

  // A packet that asks no store is answered before one that does.
  it.each(HARMLESS)("$name is answered, and the connection stays", async ({ bytes, answer }) => {
    const isWhole = (received: Buffer) => received.length >= (ACCEPTED + answer + PINGRESP).length / 2;
    const { received, closed } = await sendRaw(trine.ports.mqtt, bytes(device), { isWhole });
    expect([ACCEPTED + answer + PINGRESP, ACCEPTED + PINGRESP + answer]).toContain(received.toString("hex"));
    expect(closed).toBe(false);
  });

  it("nobody else notices", () => bystanders.expectUndisturbed());

  async function expectEnd({ bytes, later, answer }: MqttCase): Promise<void> {
    const more = later && { afterBytes: 4, bytes: later(device) };
    const { received, closed } = await sendRaw(trine.ports.mqtt, bytes(device), { later: more });
    expect({ answer: received.toString("hex"), closed }).toEqual({ answer, closed: true });
  }
});

describe("over CoAP", () => {
  it.each(MALFORMED_DATAGRAMS)("$name is rejected or passed over", expectAnswer);

  it.each(REFUSED_REQUESTS)("a request with $name is refused with its code", expectAnswer);

  it.each(COAP_BODIES)("a login of $name is a bad request", expectAnswer);

  it("nobody else notices", () => bystanders.expectUndisturbed());

  /** A ping follows: its answer tells that nothing else will come. */
  async function expectAnswer({ datagram, answer }: CoapCase): Promise<void> {
    const sender = await openUdp(trine.ports.coap);
    const first = sender.send(datagram(device));
    const second = answer === undefined ? undefined : await first;
    const last = answer === undefined ? await sender.send(PING) : second;
    sender.close();
    const packet = parse(last ?? PING);
    if (answer === undefined)
      expect({ reset: packet.reset, messageId: packet.messageId }).toEqual({ reset: true, messageId: 0xffff });
    else expect(packet.reset ? "reset" : packet.code).toBe(answer);
  }
});

describe("over HTTP", () => {
  it.each(SMUGGLED)("a request with $name has one answer, and the connection ends", expectAnswers);

  it.each(STRANGE_PATHS)("$name is a parameter error", expectAnswers);

  it.each(LOGIN_BODIES)("a login of $name is refused", expectAnswers);

  it("a login that names another device in a repeated member is that other device's, and its signature is wrong", async () => {
    const { body } = await login(signHttpLogin(device).replace(/}$/, ',"deviceName":"device_02"}'));
    expect(body.code).toBe(20000);
  });

  it("nobody else notices", () => bystanders.expectUndisturbed());

  async function expectAnswers({ bytes, answers }: HttpCase): Promise<void> {
    const text = typeof bytes === "string" ? bytes : bytes(device);
    const { received, closed } = await sendRaw(trine.ports.http, Buffer.from(text, "latin1"));
    expect({ answers: answersIn(received), closed }).toEqual({ answers, closed: true });
  }
});

it("none of it reached the log of what devices sent", async () => {
  const { items } = await trine.api.call<{ items: { deviceName: string; topic: string }[] }>("POST", GROUP, {
    consumer: "test",
    count: 1_000,
  });
  const own = items.filter(({ deviceName, topic }) => deviceName === "device_01" && topic.includes("/user/"));
  expect(own).toEqual([]);
});

async function login(body: string) {
  const url = `http://127.0.0.1:${trine.ports.http}/auth`;
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return { status: response.status, body: (await response.json()) as { code: number } };
}
