/** A row of the table: the hash that the HMAC uses and the length of its MAC. */
interface SignMethodRow {
  readonly digest: "md5" | "sha1" | "sha256";
  readonly macBytes: number;
}

/** Every sign method there is (wire-format 2.4). */
export const SIGN_METHODS = {
  hmacmd5: { digest: "md5", macBytes: 16 },
  hmacsha1: { digest: "sha1", macBytes: 20 },
  hmacsha256: { digest: "sha256", macBytes: 32 },
} as const satisfies Record<string, SignMethodRow>;

/** The HMAC that a device signs with. */
export type SignMethod = keyof typeof SIGN_METHODS;

/** The method of a device that names none (wire-format 2.4). */
export const DEFAULT_SIGN_METHOD: SignMethod = "hmacmd5";

// One SDK writes the hash alone (wire-format 0.4).
const ALIASES: Readonly<Record<string, SignMethod>> = { sha256: "hmacsha256", sha1: "hmacsha1", md5: "hmacmd5" };

/** Reads a sign method in any spelling that an SDK uses (wire-format 0.4); `undefined` when there is none of that name. */
export function parseSignMethod(text: string): SignMethod | undefined {
  const name = text.toLowerCase();
  return Object.hasOwn(SIGN_METHODS, name)
    ? (name as SignMethod)
    : Object.hasOwn(ALIASES, name)
      ? ALIASES[name]
      : undefined;
}
