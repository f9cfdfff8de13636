import type { Secret } from "@trine/core/certificate";
import { type ChannelFacts, factsOf, headerMac } from "./channel-facts.ts";
import { addressBytes } from "./format-address.ts";
import { FIXED_BYTES, SIGNATURE, VERSION_AND_COMMAND } from "./proxy-v2.ts";
import { writeTlv } from "./tlvs.ts";

/** Family and protocol of TCP over IPv4 and over IPv6, by the bytes of an address. */
const TCP: Readonly<Record<number, number | undefined>> = { 4: 0x11, 16: 0x21 };

const TWO_PORTS_BYTES = 4;

/**
 * Writes a header of version 2 that tells whose connection it is, how it was protected and what it proved.
 *
 * @param source address of the device. Ports and the address that it dialled are left at zero: nobody asks for them.
 * @param key the one that the reader has as well, by which it believes a proof.
 */
export function writeProxyHeader({ source, ...facts }: ChannelFacts & { source: string }, key: Secret): Buffer {
  const address = addressBytes(source) ?? Buffer.alloc(0);
  const family = TCP[address.length];
  const addresses = family === undefined ? [] : [address, Buffer.alloc(address.length + TWO_PORTS_BYTES)];
  const rest = Buffer.concat([...addresses, ...factsOf(facts).map(writeTlv)]);
  const fixed = Buffer.alloc(FIXED_BYTES);
  SIGNATURE.copy(fixed);
  fixed.writeUInt8(VERSION_AND_COMMAND.proxy, 12);
  fixed.writeUInt8(family ?? 0, 13);
  fixed.writeUInt16BE(rest.length, 14);
  const header = Buffer.concat([fixed, rest]);
  if (facts.proof) {
    const mac = headerMac(header, key);
    mac.copy(header, header.length - mac.length);
  }
  return header;
}
