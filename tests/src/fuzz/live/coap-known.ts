import { type DeviceCertificate, signCoapLogin } from "@trine/device";
import { generate, type Option, type Packet, parse } from "coap-packet";
import { topicOf } from "../../fleet.ts";
import { maybeMutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyPacket } from "../targets/coap-datagrams.ts";

/** What UDP over IPv4 carries. */
const MOST_BYTES = 65_507;
/** Of a token (wire-format 5.2). */
const TOKEN_OPTION = 2088;
const JSON_FORMAT = Buffer.of(50);

/** A login in clear, which is good. */
export function goodLogin(random: RandomSource, device: DeviceCertificate): Buffer {
  const packet: Packet = {
    code: "0.02",
    confirmable: true,
    messageId: random.below(0x10000),
    token: random.bytes(4),
    options: [...pathOptions("auth"), { name: "Content-Format", value: JSON_FORMAT }],
    payload: Buffer.from(signCoapLogin(device)),
  };
  return generate(packet, MOST_BYTES);
}

/** The token in the answer to a login; `undefined` in any other datagram. */
export function tokenIn(datagram: Buffer): string | undefined {
  try {
    return (JSON.parse(parse(datagram).payload.toString()) as { token?: string }).token;
  } catch {
    // It answers something else.
    return undefined;
  }
}

/** What a device with a token sends: to its own topic or anywhere, with whatever options and payload, sound or spoiled. */
export function knownDatagram(random: RandomSource, by: { device: DeviceCertificate; token: string }): Buffer {
  const packet = anyPacket(random);
  const { options = [] } = packet;
  const proof = { name: TOKEN_OPTION, value: Buffer.from(by.token) } as unknown as Option;
  const own = pathOptions("topic", ...topicOf(by.device, "user/update").split("/").slice(1));
  const chosen = random.once(2)
    ? options.filter(({ name }) => name !== "Uri-Path" && random.once(3)).concat(own)
    : options;
  const code = random.once(2) ? "0.02" : packet.code;
  return maybeMutate(random, generate({ ...packet, code, options: [...chosen, proof] } as Packet, MOST_BYTES), 3);
}

function pathOptions(...segments: string[]): Option[] {
  return segments.map((segment) => ({ name: "Uri-Path", value: Buffer.from(segment) }));
}
