import { parseProxyV1 } from "./parse-proxy-v1.ts";
import { parseProxyV2, type ReadFacts } from "./parse-proxy-v2.ts";
import { ABSENT, PARTIAL, type ProxyVerdict } from "./proxy-header.ts";
import { SIGNATURE } from "./proxy-v2.ts";

const V1 = Buffer.from("PROXY ", "latin1");

/** Reads the header of the PROXY protocol, version 1 or 2, that a trusted proxy's connection begins with. */
export function readProxyHeader(seen: Buffer, readFacts: ReadFacts): ProxyVerdict {
  if (beginsWith(seen, SIGNATURE)) return seen.length < SIGNATURE.length ? PARTIAL : parseProxyV2(seen, readFacts);
  if (beginsWith(seen, V1)) return seen.length < V1.length ? PARTIAL : parseProxyV1(seen);
  return ABSENT;
}

/** As far as either goes. */
function beginsWith(seen: Buffer, start: Buffer): boolean {
  const length = Math.min(seen.length, start.length);
  return seen.compare(start, 0, length, 0, length) === 0;
}
