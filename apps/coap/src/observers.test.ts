import { createHash } from "node:crypto";
import { isRefusal, refuse, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { generate, parse } from "coap-packet";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createDownloads } from "./downloads.ts";
import type { MessageBody } from "./json-body.ts";
import type { Request, Response } from "./message-layer.ts";
import { createObservers, type Observers } from "./observers.ts";
import type { Delivery } from "./retransmitter.ts";

/** A response that was sent to the device, and the way to say what became of it. */
interface Sent {
  readonly response: Response;
  readonly signal: AbortSignal;
  readonly end: (delivery: Delivery) => void;
}

let gateway: TestPlatform;
let session: Session;
let token: string;
let sent: Sent[];
let request: Request;

beforeEach(async () => {
  gateway = await createTestPlatform();
  ({ session, token } = await logIn());
  sent = [];
  request = {
    packet: parse(generate({ code: "GET", confirmable: true, messageId: 1, token: Buffer.of(1) })),
    peer: { address: "192.0.2.1", port: 40_000 },
    acknowledge: () => undefined,
    notify: (response, signal) =>
      new Promise((end) => {
        signal.addEventListener("abort", () => end("unanswered"));
        sent.push({ response, signal, end });
      }),
  };
});

afterEach(() => gateway.stop());

async function logIn() {
  const { deviceSecret: _, ...device } = await gateway.addDevice();
  const credentials = await gateway.ports.registry.findCredentials(device);
  if (!credentials) throw new Error("the device was added");
  const { iotId, secretVersion, product } = credentials;
  const facts = { sessionId: "s", device, iotId, secretVersion, transport: "coap" };
  const text = "token";
  const hash = createHash("sha256").update(text).digest("hex");
  const times = { createdAtMs: Date.now(), expiresAtMs: Date.now() + 60_000 };
  await gateway.ports.sessions.save(hash, { ...facts, ...times }, 2);
  return { session: { ...facts, peer: "192.0.2.1", product, activatedNow: false }, token: text };
}

function observersOn(platform: Platform = gateway.platform, given: { max?: number } = {}): Observers {
  const downloads = createDownloads<MessageBody>({ bytes: 100_000, idleMs: 60_000 });
  return createObservers({ platform, downloads }, { max: 10, transferMs: 60_000, retryMs: 5, ...given });
}

async function send(text: string): Promise<string> {
  const { productKey, deviceName } = session.device;
  const topic = `/${productKey}/${deviceName}/user/get`;
  const message = { topic, payload: Buffer.from(text), qos: 1, ttlMs: 60_000 } as const;
  const outcome = await gateway.operators.downlink.send(session.device, message);
  if (isRefusal(outcome)) throw new Error(outcome.code);
  return outcome.messageId;
}

/** The response that was sent as the given one, once it is. */
async function sentAs(index: number): Promise<Sent> {
  await expect.poll(() => sent[index], { interval: 1 }).toBeDefined();
  return sent[index] as Sent;
}

function textOf({ response }: Sent): string {
  const { payload = "" } = JSON.parse(String(response.payload)) as { payload?: string };
  return Buffer.from(payload, "base64").toString();
}

const state = async (messageId: string) => (await gateway.operators.downlink.status(session.device, messageId))?.state;

it("a device that keeps silent is an observer no more, its message stays, and there is room for another", async () => {
  const observers = observersOn(gateway.platform, { max: 1 });
  observers.add(session, { request, token });
  const id = await send("one");
  (await sentAs(0)).end("unanswered");
  const stranger = { ...session, device: (await logIn()).session.device };
  await expect.poll(() => observers.add(stranger, { request, token }) !== undefined).toBe(true);
  expect(await state(id)).toBe("sent");
  observers.endAll();
});

it("a message whose acknowledgement the store did not take is not sent again: the device has it", async () => {
  let failures = 0;
  const { inbox } = gateway.platform;
  const acknowledge: typeof inbox.acknowledge = async (...args) => {
    failures += 1;
    return failures === 1 ? refuse("unavailable", "test") : inbox.acknowledge(...args);
  };
  const observers = observersOn({ ...gateway.platform, inbox: { ...inbox, acknowledge } });
  observers.add(session, { request, token });
  const [one] = [await send("one"), await send("two")];
  (await sentAs(0)).end("acknowledged");
  expect(textOf(await sentAs(1))).toBe("two");
  expect([await state(one), failures]).toEqual(["delivered", 2]);
  observers.endAll();
});

it("a device to which nothing was sent for a day is asked whether it still observes", async () => {
  const { inbox } = gateway.platform;
  let days = 0;
  const fetch: typeof inbox.fetch = async (by, asked) => {
    days += 1;
    return days === 1 ? [] : inbox.fetch(by, asked);
  };
  const observers = observersOn({ ...gateway.platform, inbox: { ...inbox, fetch } });
  observers.add(session, { request, token });
  const probe = await sentAs(0);
  expect(String(probe.response.payload)).toBe("{}");
  probe.end("acknowledged");
  await send("one");
  expect(textOf(await sentAs(1))).toBe("one");
  observers.endAll();
});

it("while the stores are down nothing is sent, and the observer is kept", async () => {
  const { inbox } = gateway.platform;
  let asked = 0;
  const fetch: typeof inbox.fetch = async (by, request_) => {
    asked += 1;
    return asked === 1 ? refuse("unavailable", "test") : inbox.fetch(by, request_);
  };
  const observers = observersOn({ ...gateway.platform, inbox: { ...inbox, fetch } });
  observers.add(session, { request, token });
  await send("one");
  expect(textOf(await sentAs(0))).toBe("one");
  expect(sent).toHaveLength(1);
  observers.endAll();
});

it("what is sent to an observer that ends is sent no more", async () => {
  const observers = observersOn();
  observers.add(session, { request, token });
  await send("one");
  const { signal } = await sentAs(0);
  observers.endAll();
  expect(signal.aborted).toBe(true);
  expect((await sentAs(1)).response.code).toBe("5.03");
});

it("an observer of a node that may not serve is told so as soon as it may, and nothing before", async () => {
  const observers = observersOn();
  observers.add(session, { request, token });
  gateway.lease.lives = false;
  observers.endAll();
  await expect.poll(() => gateway.lease.refusals).toBeGreaterThan(3);
  expect(sent).toEqual([]);
  gateway.lease.lives = true;
  expect((await sentAs(0)).response.code).toBe("5.03");
});
