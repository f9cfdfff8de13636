import { findUnstorable } from "@trine/core/messaging";
import { z } from "zod";
import { dataType, eachOnce, identifier, membersOf } from "./data-type.ts";

/** The most properties of a model, and of a message (wire-format 8.1, 10). Events and services are bounded alike. */
export const MOST_PROPERTIES = 200;
const MOST_BYTES = 262_144;

const named = { identifier, name: z.string().max(100).optional() };

/** What the vendor writes into every model: posting, setting and getting properties, as an event and services. */
const OWN = new Set(["post", "set", "get"]);

const property = z.looseObject({
  ...named,
  accessMode: z.enum(["r", "w", "rw"]).default("rw"),
  dataType,
});
const event = z.looseObject({
  ...named,
  type: z.enum(["info", "alert", "error"]).default("info"),
  outputData: membersOf(dataType, MOST_PROPERTIES).default([]),
});
const service = z.looseObject({
  ...named,
  callType: z.enum(["async", "sync"]).default("async"),
  inputData: membersOf(dataType).default([]),
  outputData: membersOf(dataType).default([]),
});
const model = z.looseObject({
  properties: z.array(property).max(MOST_PROPERTIES).superRefine(eachOnce).default([]),
  events: z.array(event).max(MOST_PROPERTIES).superRefine(eachOnce).default([]),
  services: z.array(service).max(MOST_PROPERTIES).superRefine(eachOnce).default([]),
});

/** The vendor's TSL JSON of a product as it was given. */
export type ModelText = Readonly<Record<string, unknown>>;

/** What a model says of its parts, checked. */
export type ParsedModel = z.output<typeof model>;

/** Why a model cannot be taken. */
interface ModelFault {
  /** The field that is wrong, as a path such as `properties.3.dataType.specs.min`. */
  readonly field: string;
  readonly detail: string;
}

/**
 * Checks the vendor's TSL JSON (wire-format 8.1). Fields that it does not know are let pass, since the vendor has many that say nothing about
 * messages.
 */
export function parseModel(text: ModelText): { readonly model: ParsedModel } | { readonly fault: ModelFault } {
  const bytes = Buffer.byteLength(JSON.stringify(text));
  if (bytes > MOST_BYTES) return fault("", `${bytes} bytes, of ${MOST_BYTES} at most`);
  const unstorable = findUnstorable(text);
  if (unstorable) return fault(unstorable.join("."), "holds a text that cannot be stored");
  const parsed = model.safeParse(withoutOwn(text));
  if (parsed.success) return { model: parsed.data };
  const [issue] = parsed.error.issues;
  const field = (issue?.path ?? []).map(String).join(".");
  return fault(field, issue?.message ?? "is not valid");
}

function fault(field: string, why: string): { fault: ModelFault } {
  return { fault: { field, detail: `${field || "the model"}: ${why}` } };
}

/** The vendor's own event and services list properties in a form of their own; they say nothing new. */
function withoutOwn(text: ModelText): ModelText {
  const strip = (parts: unknown) => (Array.isArray(parts) ? parts.filter((part) => !isOwn(part)) : parts);
  return {
    ...text,
    ...("events" in text ? { events: strip(text["events"]) } : {}),
    ...("services" in text ? { services: strip(text["services"]) } : {}),
  };
}

function isOwn(part: unknown): boolean {
  return (
    typeof part === "object" &&
    part !== null &&
    "identifier" in part &&
    typeof part.identifier === "string" &&
    OWN.has(part.identifier)
  );
}
