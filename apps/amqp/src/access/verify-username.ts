import { randomBytes } from "node:crypto";
import type { AccessKeyHolder, AccessKeys } from "@trine/core/access";
import { computeMac, macMatches, Secret, unprintable } from "@trine/core/certificate";
import type { Username } from "./parse-username.ts";
import { type AccessRefusal, refuseAccess } from "./refuse-access.ts";

/** Stands in for the secret of a key that there is not, so that both take the same time. */
const DECOY = new Secret(randomBytes(24).toString("base64url"), "access key secret");

/** What verifying asks for. */
export interface VerifyDeps {
  readonly accessKeys: Pick<AccessKeys, "find">;
  readonly nowMs: () => number;
  /** How far the timestamp may be off, in milliseconds; 0: any is taken. */
  readonly windowMs: number;
}

/**
 * Verifies the signature of an application: base64 of the HMAC over `authId=..&timestamp=..` with the secret of its access key
 * (wire-format 9.2).
 *
 * @throws when the store cannot answer.
 */
export async function verifyUsername(
  { accessKeyId, timestamp, signMethod }: Username,
  password: string,
  { accessKeys, nowMs, windowMs }: VerifyDeps,
): Promise<AccessKeyHolder | AccessRefusal<"bad_credentials" | "stale">> {
  const key = await accessKeys.find(accessKeyId);
  const expected = computeMac(signMethod, key?.secret ?? DECOY, `authId=${accessKeyId}&timestamp=${timestamp}`);
  const presented = parseMacBase64(password);
  if (!presented || !macMatches(expected, presented)) return refuseAccess("bad_credentials", "wrong signature");
  if (!key) return refuseAccess("bad_credentials", "unknown access key");
  const skewMs = Math.abs(nowMs() - Number(timestamp));
  if (windowMs > 0 && skewMs > windowMs) return refuseAccess("stale", `skew ${Math.round(skewMs / 1_000)} s`);
  return key;
}

const BASE64 = /^[0-9A-Za-z+/]+={0,2}$/;

function parseMacBase64(text: string): Buffer | undefined {
  return BASE64.test(text) ? unprintable(Buffer.from(text, "base64"), "MAC") : undefined;
}
