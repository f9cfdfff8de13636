import { plainAddress } from "@trine/core/guard";
import { formatAddress } from "./format-address.ts";
import { BROKEN, PARTIAL, type ProxyVerdict } from "./proxy-header.ts";
import { FIXED_BYTES, VERSION_AND_COMMAND } from "./proxy-v2.ts";
import { readTlvs, type Tlv } from "./tlvs.ts";

/** Longest part behind the fixed one. Certificates of a device take most of it; the protocol would allow 65 535. */
const MAX_REST_BYTES = 16_384;

const LOCAL = VERSION_AND_COMMAND.local;
const PROXY = VERSION_AND_COMMAND.proxy;

/** Bytes of a source and a destination with their ports, by address family (PROXY protocol, 2.2). */
const FAMILIES: Readonly<Record<number, { readonly addressBytes: number; readonly bytes: number } | undefined>> = {
  1: { addressBytes: 4, bytes: 12 },
  2: { addressBytes: 16, bytes: 36 },
};

/** UNSPEC and unix sockets, of which the address is to be ignored. */
const WITHOUT_ADDRESS: Readonly<Record<number, number | undefined>> = { 0: 0, 3: 216 };

/** What is made of the additional facts of a header; `undefined` when they are not to be believed. */
export type ReadFacts = (tlvs: readonly Tlv[], header: Buffer) => Pick<HeaderFacts, "isSecured" | "proof"> | undefined;

type HeaderFacts = Extract<ProxyVerdict, { is: "header" }>["header"];

/** Reads a header of version 2, which `seen` is known to begin with. */
export function parseProxyV2(seen: Buffer, readFacts: ReadFacts): ProxyVerdict {
  if (seen.length < FIXED_BYTES) return PARTIAL;
  const command = seen.readUInt8(12);
  const restBytes = seen.readUInt16BE(14);
  if ((command !== LOCAL && command !== PROXY) || restBytes > MAX_REST_BYTES) return BROKEN;
  const bytes = FIXED_BYTES + restBytes;
  if (seen.length < bytes) return PARTIAL;
  // The proxy's own connection: everything else in it is to be ignored (2.2).
  if (command === LOCAL) return { is: "header", header: { isSecured: false }, bytes };
  return parseProxied(seen.subarray(0, bytes), readFacts);
}

function parseProxied(header: Buffer, readFacts: ReadFacts): ProxyVerdict {
  const family = header.readUInt8(13) >> 4;
  const address = FAMILIES[family];
  const addressBytes = address?.bytes ?? WITHOUT_ADDRESS[family];
  if (addressBytes === undefined || FIXED_BYTES + addressBytes > header.length) return BROKEN;
  const tlvs = readTlvs(header.subarray(FIXED_BYTES + addressBytes));
  const facts = tlvs && readFacts(tlvs, header);
  if (!facts) return BROKEN;
  const source = address && header.subarray(FIXED_BYTES, FIXED_BYTES + address.addressBytes);
  return {
    is: "header",
    header: { ...(source && { source: plainAddress(formatAddress(source)) }), ...facts },
    bytes: header.length,
  };
}
