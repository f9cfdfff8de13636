import type { CloudError } from "./cloud-error.ts";

/** A value of a reply, as the vendor nests them. */
export type ReplyValue = string | number | boolean | readonly ReplyValue[] | ReplyFields;
export interface ReplyFields {
  readonly [name: string]: ReplyValue;
}

/** The formats of replies (wire-format 9.1). */
export const FORMATS = {
  JSON: {
    type: "application/json; charset=utf-8",
    write: (_root: string, fields: ReplyFields) => JSON.stringify(fields),
  },
  XML: { type: "text/xml; charset=utf-8", write: writeXml },
} as const;

export type Format = keyof typeof FORMATS;

/** The format that a text names; the vendor's default is XML. `undefined` for another. */
export function parseFormat(text = "XML"): Format | undefined {
  const format = text.toUpperCase();
  return format === "JSON" || format === "XML" ? format : undefined;
}

/** What an action answers, with what every reply has. */
export function successFields(requestId: string, fields: ReplyFields): ReplyFields {
  return { RequestId: requestId, Success: true, Code: "", ...fields };
}

/** What a "no" answers: an action's as its replies are, the gateway's with `Message` and `HostId`. */
export function errorFields(requestId: string, host: string, error: CloudError): ReplyFields {
  const { code, message, isGateway } = error;
  if (isGateway) return { RequestId: requestId, HostId: host, Code: code, Message: message };
  return { RequestId: requestId, Success: false, Code: code, ErrorMessage: message };
}

function writeXml(root: string, fields: ReplyFields): string {
  return `<?xml version="1.0" encoding="UTF-8"?>${element(root, fields)}`;
}

/** A list is its name once for each item. */
function element(name: string, value: ReplyValue): string {
  if (isList(value)) return value.map((item) => element(name, item)).join("");
  const inner =
    typeof value === "object"
      ? Object.entries(value)
          .map(([child, content]) => element(child, content))
          .join("")
      : escaped(String(value));
  return `<${name}>${inner}</${name}>`;
}

function isList(value: ReplyValue): value is readonly ReplyValue[] {
  return Array.isArray(value);
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&apos;",
};

/** XML 1.0 2.2 has no way to write some characters: they are replaced. */
function escaped(text: string): string {
  return text
    .replaceAll(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
    .replaceAll(/[^\t\n\r\x20-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd");
}
