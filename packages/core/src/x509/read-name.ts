import { type DerElement, DerError, partsOf, readOid, TAG } from "./der.ts";

/** A distinguished name: who a certificate is of, or who signed it. */
export interface X509Name {
  /** All of it in DER: two names are the same if these are. */
  readonly der: Buffer;
  /** For people, as RFC 4514 writes it, first part first. */
  readonly text: string;
  readonly commonNames: readonly string[];
  readonly units: readonly string[];
  readonly organizations: readonly string[];
}

const LABELS: Readonly<Record<string, string>> = {
  "2.5.4.3": "CN",
  "2.5.4.5": "serialNumber",
  "2.5.4.6": "C",
  "2.5.4.7": "L",
  "2.5.4.8": "ST",
  "2.5.4.10": "O",
  "2.5.4.11": "OU",
};
const MAX_TEXT = 256;

/** Reads a name. @throws DerError */
export function readName(element: DerElement | undefined): X509Name {
  const parts = partsOf(element, TAG.sequence).flatMap((set) => partsOf(set, TAG.set).map(readAttribute));
  const valuesOf = (label: string) => parts.filter((part) => part.label === label).map(({ value }) => value);
  const text = parts.map(({ label, value }) => `${label}=${escaped(value)}`).join(", ");
  if (!element) throw new DerError("no name");
  return {
    der: element.whole,
    text: text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}...` : text,
    commonNames: valuesOf("CN"),
    units: valuesOf("OU"),
    organizations: valuesOf("O"),
  };
}

function readAttribute(pair: DerElement): { label: string; value: string } {
  const [type, value, ...more] = partsOf(pair, TAG.sequence);
  const oid = readOid(type);
  if (!value || more.length > 0) throw new DerError("no attribute");
  return { label: LABELS[oid] ?? oid, value: readText(value) };
}

/** Other alphabets than these hold no name of a device, so their bytes are shown as hex (RFC 4514 2.4). */
function readText({ tag, body, whole }: DerElement): string {
  if (tag === TAG.utf8String) return body.toString("utf8");
  if (tag === TAG.printableString || tag === TAG.ia5String) return body.toString("latin1");
  return `#${whole.toString("hex")}`;
}

/** What would end a part, or a line of a log. */
function escaped(value: string): string {
  return value.replace(/[,+"\\<>;=]/g, "\\$&").replace(/\p{C}/gu, "?");
}
