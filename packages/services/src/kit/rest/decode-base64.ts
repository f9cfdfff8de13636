/** Decodes base64, with its padding or without; `undefined` when the text is none: Node skips what is not base64. */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return withoutPadding(bytes.toString("base64")) === withoutPadding(text) ? bytes : undefined;
}

function withoutPadding(base64: string): string {
  return base64.replace(/={1,2}$/, "");
}
