/**
 * What a device sent, as text. A client in C may count the NUL that ends its string in (wire-format 0.16).
 *
 * Not by a pattern: one that looks for an end behind many NULs, and does not find it, looks again from each of them.
 */
export function deviceText(payload: Buffer): string {
  let end = payload.length;
  while (end > 0 && payload[end - 1] === 0) end -= 1;
  return payload.toString("utf8", 0, end);
}
