import type { Platform, RunningAdapter } from "@trine/core/platform";
import { signCoapLogin } from "@trine/device";
import type { AdapterDriver, LoginAnswer, LoginRequest } from "@trine/testkit/conformance";
import { type ParsedPacket, parse } from "coap-packet";
import { type CoapSettings, coapSettings, startCoap } from "../src/index.ts";
import { openRaw, option } from "./raw-client.ts";

const MAX_BYTES = 65_536;
// What a device sends in one datagram; a larger payload goes in blocks (RFC 7959).
const ONE_DATAGRAM_BYTES = 1024;

/** Speaks to the CoAP adapter datagram by datagram. */
export const coapDriver: AdapterDriver = {
  transport: "coap",
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
    publish: { accepted: "2.05", foreignTopic: "4.03", oversized: "4.13", unavailable: "5.03", revoked: "4.01" },
  },
  async start(platform) {
    const { port, adapter } = await startOn(platform);
    return { login: (login) => logIn(port, login), stop: () => adapter.stop() };
  },
};

/** Starts the adapter on the loopback and free ports. */
export async function startOn(
  platform: Platform,
  given: Partial<CoapSettings> = {},
): Promise<{ port: number; symmetricPort: number; adapter: RunningAdapter }> {
  const free = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_COAP_PORT: "0", TRINE_COAP_SYMMETRIC_PORT: "0" };
  const adapter = await startCoap(platform, { ...coapSettings.parse(free), ...given });
  const { TRINE_COAP_PORT: port = 0, TRINE_COAP_SYMMETRIC_PORT: symmetricPort = 0 } = adapter.ports;
  return { port, symmetricPort, adapter };
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
  return {
    ...answer,
    session: {
      async publish({ topic, payload: message }) {
        const request = { path: `/topic${topic}`, options: [option(2088, token)], payload: message };
        const large = message.length > ONE_DATAGRAM_BYTES;
        return { code: (await (large ? client.upload(request) : client.request(request))).code };
      },
      close: () => client.close(),
    },
  };
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
