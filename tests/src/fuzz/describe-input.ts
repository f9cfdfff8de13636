/** Writes an input so that it can be copied into a test: bytes as hex, texts as JSON. */
export function describeInput(input: unknown): string {
  if (input instanceof Uint8Array) return `hex ${Buffer.from(input).toString("hex")}`;
  return JSON.stringify(input, (_name, value: unknown) =>
    isBytes(value) ? `hex ${Buffer.from(value.data).toString("hex")}` : value,
  );
}

/** A Buffer, as JSON.stringify hands it to its replacer. */
function isBytes(value: unknown): value is { data: number[] } {
  return typeof value === "object" && value !== null && "type" in value && value.type === "Buffer" && "data" in value;
}
