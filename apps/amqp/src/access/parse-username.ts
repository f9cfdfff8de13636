import { parseSignMethod, type SignMethod } from "@trine/core/certificate";
import { type AccessRefusal, refuseAccess } from "./refuse-access.ts";

/** What the username of an application says (wire-format 9.2). */
export interface Username {
  /** Chosen by the application; tells its clients apart for people. */
  readonly clientId: string;
  readonly accessKeyId: string;
  readonly group: string;
  readonly signMethod: SignMethod;
  /** Milliseconds since 1970, as it was sent. */
  readonly timestamp: string;
  /** Messages come as base64 text. */
  readonly isBase64: boolean;
}

const MAX_USERNAME = 1_024;
/** It is shown to people, and stored as the name of a consumer. */
const CLIENT_ID = /^[^\p{Cc}\p{Cs}]{1,64}$/u;
const ACCESS_KEY_ID = /^[0-9A-Za-z]{1,64}$/;
/** As the REST API names groups. */
const GROUP = /^[A-Za-z0-9_.-]{1,64}$/;
const TIMESTAMP = /^\d{1,16}$/;

/**
 * Reads `<clientId>|key=value,...|`. The order of the pairs is free, empty ones and ones that nobody knows are passed over, and the
 * first of a name counts (wire-format 9.2).
 */
export function parseUsername(text: string): Username | AccessRefusal<"malformed"> {
  if (text.length > MAX_USERNAME) return refuseAccess("malformed", "the username is too long");
  const [clientId = "", block, ...rest] = text.split("|");
  if (block === undefined || rest.join("|") !== "") return malformed("has no |key=value| block at its end");
  if (!CLIENT_ID.test(clientId)) return malformed("has no client id of 1 to 64 printable characters");
  const pairs = pairsOf(block);
  if (pairs.authMode !== "aksign") return malformed("has no authMode=aksign");
  const { authId = "", consumerGroupId = "", timestamp = "", signMethod = "", encode = "" } = pairs;
  if (!ACCESS_KEY_ID.test(authId)) return malformed("has no authId of letters and digits");
  if (!GROUP.test(consumerGroupId)) return malformed("has no consumerGroupId that could be a group");
  if (!TIMESTAMP.test(timestamp)) return malformed("has no timestamp in milliseconds");
  const method = parseSignMethod(signMethod);
  if (!method) return malformed("has no known signMethod");
  if (encode !== "" && encode !== "base64") return malformed("has an encode that is not base64");
  const isBase64 = encode === "base64";
  return { clientId, accessKeyId: authId, group: consumerGroupId, signMethod: method, timestamp, isBase64 };
}

type Pairs = Readonly<
  Partial<Record<"authMode" | "authId" | "consumerGroupId" | "timestamp" | "signMethod" | "encode", string>>
>;

function pairsOf(block: string): Pairs {
  const pairs: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const pair of block.split(",")) {
    const at = pair.indexOf("=");
    if (at > 0) pairs[pair.slice(0, at)] ??= pair.slice(at + 1);
  }
  return pairs;
}

function malformed(what: string): AccessRefusal<"malformed"> {
  return refuseAccess("malformed", `the username ${what}`);
}
