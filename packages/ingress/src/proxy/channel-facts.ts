import { createHmac } from "node:crypto";
import type { ChannelProof } from "@trine/core/auth";
import { deviceKey, macMatches, parseDeviceKey, type Secret } from "@trine/core/certificate";
import type { ReadFacts } from "./parse-proxy-v2.ts";
import { CLIENT_USED_TLS, TLV } from "./proxy-v2.ts";
import type { Tlv } from "./tlvs.ts";

/** How a device's connection to a proxy was protected, and what it proved. */
export interface ChannelFacts {
  readonly isSecured: boolean;
  readonly proof?: ChannelProof;
}

const MAC_BYTES = 32;
const PSK_FACT = /^(\d{1,15}) (.+)$/;

/** Flags, then a result of verification: 0 would say that a certificate was verified, which is the core's to do. */
const TLS_FACT = Buffer.from([CLIENT_USED_TLS, 0, 0, 0, 1]);

/**
 * Reads how a device's connection to the proxy was protected, and what it proved.
 *
 * Anybody can copy a certificate, so a proof is believed by the key alone that front and adapters share, not by the address that it comes
 * from. One that is not believed makes the header void: a device that proved something must not be taken for one that proved nothing.
 *
 * @param key absent: no proof is believed.
 */
export function createFactReader(key: Secret | undefined): ReadFacts {
  return (tlvs, header) => {
    const isSecured = tlvs.some(({ type, value }) => type === TLV.tls && ((value[0] ?? 0) & CLIENT_USED_TLS) !== 0);
    if (!tlvs.some(({ type }) => type === TLV.psk || type === TLV.certificate)) return { isSecured };
    const proof = isSecured && isAuthentic(tlvs, header, key) ? readProof(tlvs) : undefined;
    return proof && { isSecured, proof };
  };
}

/** Facts as they are written, an empty MAC last if there is a proof. */
export function factsOf({ isSecured, proof }: ChannelFacts): readonly Tlv[] {
  const tls = isSecured ? [{ type: TLV.tls, value: TLS_FACT }] : [];
  return proof ? [...tls, ...proofFacts(proof), { type: TLV.mac, value: Buffer.alloc(MAC_BYTES) }] : tls;
}

/** The MAC of a header that ends with the place for it. */
export function headerMac(header: Buffer, key: Secret): Buffer {
  return createHmac("sha256", key.reveal()).update(header.subarray(0, -MAC_BYTES)).digest();
}

function proofFacts(proof: ChannelProof): Tlv[] {
  if (proof.kind === "x509") return proof.chain.map((der) => ({ type: TLV.certificate, value: Buffer.from(der) }));
  return [{ type: TLV.psk, value: Buffer.from(`${proof.secretVersion} ${deviceKey(proof.device)}`, "ascii") }];
}

function readProof(tlvs: readonly Tlv[]): ChannelProof | undefined {
  const [own, ...others] = tlvs.filter(({ type }) => type === TLV.certificate).map(({ value }) => Buffer.from(value));
  if (own) return { kind: "x509", chain: [own, ...others] };
  const fact = tlvs.find(({ type }) => type === TLV.psk)?.value.toString("ascii") ?? "";
  const [, version, name = ""] = PSK_FACT.exec(fact) ?? [];
  const device = parseDeviceKey(name);
  return device && { kind: "psk", device, secretVersion: Number(version) };
}

function isAuthentic(tlvs: readonly Tlv[], header: Buffer, key: Secret | undefined): boolean {
  const last = tlvs.at(-1);
  return key !== undefined && last?.type === TLV.mac && macMatches(headerMac(header, key), last.value);
}
