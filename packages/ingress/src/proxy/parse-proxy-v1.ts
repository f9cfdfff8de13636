import { isIP } from "node:net";
import { plainAddress } from "@trine/core/guard";
import { BROKEN, PARTIAL, type ProxyVerdict } from "./proxy-header.ts";

/** The longest header with its CR and LF (PROXY protocol, 2.1). */
const MAX_BYTES = 107;

const END = "\r\n";
const FAMILIES: Readonly<Record<string, number>> = { TCP4: 4, TCP6: 6 };

/** Reads a header of version 1, which `seen` is known to begin with. */
export function parseProxyV1(seen: Buffer): ProxyVerdict {
  const text = seen.toString("latin1", 0, MAX_BYTES);
  const end = text.indexOf(END);
  if (end < 0) return seen.length < MAX_BYTES ? PARTIAL : BROKEN;
  const bytes = end + END.length;
  const [, protocol = "", source, destination, sourcePort, destinationPort, ...more] = text.slice(0, end).split(" ");
  // Whatever follows it up to the line's end is to be ignored (2.1).
  if (protocol === "UNKNOWN") return { is: "header", header: { isSecured: false }, bytes };
  const family = FAMILIES[protocol];
  const isWhole =
    family !== undefined &&
    more.length === 0 &&
    isAddress(source, family) &&
    isAddress(destination, family) &&
    isPort(sourcePort) &&
    isPort(destinationPort);
  if (!isWhole || source === undefined) return BROKEN;
  return { is: "header", header: { source: plainAddress(source), isSecured: false }, bytes };
}

function isAddress(text: string | undefined, family: number): boolean {
  return text !== undefined && isIP(text) === family;
}

function isPort(text: string | undefined): boolean {
  return text !== undefined && /^(0|[1-9]\d{0,4})$/.test(text) && Number(text) <= 65_535;
}
