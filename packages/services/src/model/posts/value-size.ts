const MOST_BYTES = 16_384;
const MOST_DEPTH = 16;

/** Whether a value is more than is kept of one property or event: 16 KB as JSON, 16 levels deep (wire-format 8.1). */
export function isTooLarge(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return typeof value === "string" && isTooLong(JSON.stringify(value));
  // The depth first: a text that is nested deeper than the stack cannot be written.
  return isTooDeep(value, MOST_DEPTH) || isTooLong(JSON.stringify(value));
}

function isTooLong(json: string): boolean {
  return Buffer.byteLength(json) > MOST_BYTES;
}

function isTooDeep(value: object, levels: number): boolean {
  if (levels === 0) return true;
  return Object.values(value).some(
    (inner) => typeof inner === "object" && inner !== null && isTooDeep(inner, levels - 1),
  );
}
