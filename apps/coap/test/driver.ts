import { setTimeout as pass } from "node:timers/promises";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { signCoapLogin, signRegistration } from "@trine/device";
import type {
  AdapterDriver,
  DeviceSession,
  LoginAnswer,
  LoginRequest,
  ReceivedMessage,
  RegisterAnswer,
  RegisterRequest,
} from "@trine/testkit/conformance";
import { generate, type ParsedPacket, parse } from "coap-packet";
import { type CoapDeps, type CoapSettings, coapSettings, startCoap } from "../src/index.ts";
import { openRaw, option, type RawClient } from "./raw-client.ts";

const MAX_BYTES = 65_536;
// What a device sends in one datagram; a larger payload goes in blocks (RFC 7959).
const ONE_DATAGRAM_BYTES = 1024;

/** Speaks to the CoAP adapter datagram by datagram. */
export const coapDriver: AdapterDriver = {
  transport: "coap",
  delivery: "fetched",
  payloadBytes: { allowed: MAX_BYTES, oversized: MAX_BYTES + 1 },
  expected: {
    login: {
      accepted: "2.05",
      badCredentials: "4.01",
      disabled: "4.03",
      notAllowed: "4.03",
      malformed: "4.00",
      unavailable: "5.03",
    },
    registration: {
      accepted: "2.05",
      badSignature: "4.01",
      off: "4.03",
      unknownDevice: "4.03",
      alreadyActive: "4.03",
      unavailable: "5.03",
    },
    publish: { accepted: "2.05", foreignTopic: "4.03", oversized: "4.13", unavailable: "5.03", revoked: "4.01" },
  },
  async start(platform) {
    const { port, adapter } = await startOn(platform, { TRINE_REGISTRATION_IN_CLEAR: "on" });
    return {
      login: (login) => logIn(port, login),
      register: (request) => register(port, request),
      stop: () => adapter.stop(),
    };
  },
};

/** Starts the adapter on the loopback and free ports. */
export async function startOn(
  platform: Platform,
  given: Partial<CoapSettings> = {},
  deps: CoapDeps = {},
): Promise<{ port: number; symmetricPort: number; securedPort: number; adapter: RunningAdapter }> {
  const free = {
    TRINE_DEVICE_HOST: "127.0.0.1",
    TRINE_COAP_PORT: "0",
    TRINE_COAP_SYMMETRIC_PORT: "0",
    TRINE_COAPS_PORT: "off",
  };
  const adapter = await startCoap(platform, { ...coapSettings.parse(free), ...given }, deps);
  const { TRINE_COAP_PORT: port = 0, TRINE_COAP_SYMMETRIC_PORT: symmetricPort = 0 } = adapter.ports;
  return { port, symmetricPort, securedPort: adapter.ports["TRINE_COAPS_PORT"] ?? 0, adapter };
}

async function logIn(port: number, login: LoginRequest): Promise<LoginAnswer> {
  const { device, deviceSecret, signMethod, malformed } = login;
  const signed = signCoapLogin({ ...device, deviceSecret }, signMethod === undefined ? {} : { signMethod });
  const client = await openRaw(port);
  const payload = Buffer.from(malformed ? signed.slice(0, -9) : signed);
  const packet = await client.request({ path: "/auth", payload });
  const answer = { accepted: packet.code === "2.05", code: packet.code, raw: rawOf(packet) };
  if (!answer.accepted) {
    await client.close();
    return answer;
  }
  const { token } = JSON.parse(packet.payload.toString()) as { token: string };
  return { ...answer, session: sessionOn(client, port, token) };
}

async function register(port: number, { device, productSecret }: RegisterRequest): Promise<RegisterAnswer> {
  const signed = signRegistration({ ...device, productSecret }, { random: "0123456789ABCDEF01234567" });
  const { signMethod: signmethod, ...fields } = signed;
  const client = await openRaw(port);
  const payload = Buffer.from(JSON.stringify({ signmethod, ...fields }));
  const packet = await client.request({ path: "/auth/register/device", payload });
  await client.close();
  const handed = packet.code === "2.05" ? (JSON.parse(String(packet.payload)) as { deviceSecret: string }) : {};
  return { code: packet.code, raw: rawOf(packet), ...handed };
}

function sessionOn(client: RawClient, port: number, token: string): DeviceSession {
  const options = [option(2088, token)];
  return {
    async publish({ topic, payload: message }) {
      const request = { path: `/topic${topic}`, options, payload: message };
      const large = message.length > ONE_DATAGRAM_BYTES;
      return { code: (await (large ? client.upload(request) : client.request(request))).code };
    },
    listen: async () => undefined,
    async receive(waitMs) {
      const fetched = await client.request({ method: "GET", path: "/mailbox", options });
      const message = messageOf(fetched);
      if (!message) return fetched.code === "2.05" && waitMs > 0 ? observe({ port, token }, waitMs) : undefined;
      const acknowledge = async () =>
        void (await client.request({ method: "DELETE", path: `/mailbox/${message.messageId}`, options }));
      return { ...message, acknowledge };
    },
    close: () => client.close(),
  };
}

/** Takes the first notification of an observation (RFC 7641) from a socket of its own; its ACK is the acknowledgement. */
async function observe(
  { port, token }: { port: number; token: string },
  waitMs: number,
): Promise<ReceivedMessage | undefined> {
  const observer = await openRaw(port);
  const options = [option("Observe", Buffer.alloc(0)), option(2088, token)];
  await observer.request({ method: "GET", path: "/mailbox", options, token: Buffer.from([1]) });
  const waited = new AbortController();
  const notification = await Promise.race([
    observer.take(),
    pass(waitMs, undefined, { signal: waited.signal }).catch(() => undefined),
  ]);
  waited.abort();
  const packet = notification && parse(notification);
  const message = packet && messageOf(packet);
  if (!message) {
    await observer.close();
    return undefined;
  }
  const acknowledge = async () => {
    observer.send(generate({ ack: true, code: "0.00", messageId: packet.messageId }));
    await observer.close();
  };
  return { ...message, acknowledge };
}

/** The message that a body names, if it names one. */
function messageOf({ code, payload }: ParsedPacket): { messageId: string; topic: string; payload: Buffer } | undefined {
  const body = code === "2.05" ? (JSON.parse(payload.toString()) as Record<string, string>) : {};
  const { messageId, topic, payload: base64 } = body;
  if (messageId === undefined || topic === undefined || base64 === undefined) return undefined;
  return { messageId, topic, payload: Buffer.from(base64, "base64") };
}

/** Everything but the message id, which the client chose; it sends no token. */
function rawOf({ code, ack, confirmable, reset, options, payload }: ParsedPacket): string {
  return JSON.stringify({ code, ack, confirmable, reset, options, payload: payload.toString() });
}

/** The token of an accepted login. */
export function tokenOf(reply: Buffer | ParsedPacket): string {
  const { payload } = Buffer.isBuffer(reply) ? parse(reply) : reply;
  return (JSON.parse(payload.toString()) as { token: string }).token;
}
