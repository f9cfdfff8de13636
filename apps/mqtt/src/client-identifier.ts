/** Keys that are read; others are kept as metadata. `authType` occurs in two spellings (wire-format 2.3). */
export interface IdentifierPairs extends Readonly<Record<string, string>> {
  readonly securemode: string;
  readonly signmethod: string;
  readonly timestamp: string;
  readonly authtype: string;
  readonly random: string;
  readonly _ss: string;
}

/** A client identifier, cut. */
export interface ClientIdentifier {
  /** What is signed as `clientId`. */
  readonly id: string;
  readonly pairs: Partial<IdentifierPairs>;
}

const MAX_PAIRS = 32;

/**
 * Cuts `<id>|k=v,k=v,|` at the first bar (wire-format 0.1): any order of keys, empty pairs and unknown keys are no fault, text behind the
 * last bar does not count. Of a repeated key the first counts.
 *
 * @returns `undefined` when there is no block, or it holds more than 32 pairs.
 */
export function parseClientIdentifier(text: string): ClientIdentifier | undefined {
  const first = text.indexOf("|");
  const last = text.lastIndexOf("|");
  if (first < 0 || last === first) return undefined;
  const parts = text.slice(first + 1, last).split(",");
  if (parts.length > MAX_PAIRS) return undefined;
  const pairs: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const part of parts) {
    const equals = part.indexOf("=");
    if (equals <= 0) continue;
    const key = part.slice(0, equals);
    const name = key === "authType" ? "authtype" : key;
    pairs[name] ??= part.slice(equals + 1);
  }
  return { id: text.slice(0, first), pairs };
}

/** What a device says about itself, for the operators. */
export function metadataOf(pairs: object): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(pairs));
}
