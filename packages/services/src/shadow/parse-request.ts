import { deviceText, findUnstorable } from "@trine/core/messaging";
import { parseObject } from "../kit/alink/parse-object.ts";
import { rawMember } from "../kit/alink/raw-member.ts";
import type { SectionChange, ShadowChange } from "./change-shadow.ts";
import { withoutDoubledCommas } from "./lenient-json.ts";
import { type Attributes, fitsShadow, isAttributes, isNothing, SHADOW_LIMITS } from "./shadow.ts";
import { isShadowError, type ShadowError, shadowError } from "./shadow-error.ts";

/** What a device asks for. */
export interface ShadowRequest {
  readonly asks: { readonly is: "get" } | { readonly is: "change"; readonly change: ShadowChange } | ShadowError;
  /** Echoed byte for byte: a device in C finds by it what an answer belongs to. */
  readonly clientToken?: string;
}

const MOST_TOKEN_CHARS = 256;

/** Reads a message on `/shadow/update/{productKey}/{deviceName}` (wire-format 8.2). */
export function parseShadowRequest(payload: Buffer): ShadowRequest {
  if (payload.length > SHADOW_LIMITS.bytes)
    return { asks: shadowError("400", `more than ${SHADOW_LIMITS.bytes} bytes`) };
  const parsed = parseObject(payload) ?? parseObject(Buffer.from(withoutDoubledCommas(deviceText(payload))));
  if (!parsed) return { asks: shadowError("400") };
  const asks = readRequest(parsed.members);
  const clientToken = rawMember(parsed.text, "clientToken");
  return clientToken !== undefined && isEchoable(clientToken) ? { asks, clientToken } : { asks };
}

function isEchoable(token: string): boolean {
  return token.length <= MOST_TOKEN_CHARS && /^["\d-]/.test(token);
}

type Members = Readonly<Record<string, unknown>>;

function readRequest(members: Members): ShadowRequest["asks"] {
  if (findUnstorable(members)) return shadowError("400", "a text holds a NUL character or half of a surrogate pair");
  const { method, state, version } = members;
  if (method === undefined || isNothing(method) || method === "") return shadowError("401");
  if (method === "get") return { is: "get" };
  if (method !== "update" && method !== "delete") return shadowError("406");
  if (!isAttributes(state)) return shadowError("402");
  if (typeof version !== "number" || !Number.isSafeInteger(version)) return shadowError("403");
  const change = method === "update" ? readUpdate(state) : readDelete(state);
  if (isShadowError(change)) return change;
  return { is: "change", change: { ...change, version } };
}

/** A device says what it is, and that it has done what was desired. */
function readUpdate(state: Attributes): ShadowChange | ShadowError {
  if (!fitsShadow(state["reported"])) return shadowError("400", TOO_DEEP);
  return readSections(state, ({ reported }) => {
    if (!isAttributes(reported)) return shadowError("405");
    return { is: "patched", by: reported };
  });
}

function readDelete(state: Attributes): ShadowChange | ShadowError {
  const change = readSections(state, ({ reported }) => readRemoval(reported));
  return isShadowError(change) ? change : { ...change, needsShadow: true };
}

function readSections(
  state: Attributes,
  readReported: (state: Attributes) => SectionChange | ShadowError,
): ShadowChange | ShadowError {
  const isReported = Object.hasOwn(state, "reported");
  const isDesired = Object.hasOwn(state, "desired");
  if (!isReported && !isDesired) return shadowError("404");
  const reported = isReported ? readReported(state) : undefined;
  if (reported && isShadowError(reported)) return reported;
  const desired = isDesired ? readRemoval(state["desired"]) : undefined;
  if (desired && isShadowError(desired)) return desired;
  const tooMany = [reported, desired].some((change) => countOf(change) > SHADOW_LIMITS.attributes);
  if (tooMany) return shadowError("408");
  if (reported && "by" in reported && countOf(reported) === 0) return shadowError("405");
  return { ...(reported ? { reported } : {}), ...(desired ? { desired } : {}) };
}

const TOO_DEEP = `attributes are nested ${SHADOW_LIMITS.depth} levels at most, and their numbers are finite`;

/** Devices take away what is desired, all of it or attributes, and never set it. */
function readRemoval(value: unknown): SectionChange | ShadowError {
  if (isNothing(value)) return { is: "cleared" };
  if (!isAttributes(value)) return shadowError("405");
  if (!fitsShadow(value)) return shadowError("400", TOO_DEEP);
  return namesOnly(value) ? { is: "removed", by: value } : shadowError("400", 'only "null" takes away');
}

function namesOnly(value: Attributes): boolean {
  return Object.values(value).every((inner) => isNothing(inner) || (isAttributes(inner) && namesOnly(inner)));
}

function countOf(change: SectionChange | undefined): number {
  return change && "by" in change ? Object.keys(change.by).length : 0;
}
