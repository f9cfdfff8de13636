import { createHmac } from "node:crypto";
import type { Secret } from "@trine/core/certificate";
import type { Parameters } from "./parse-form.ts";

/** What is signed (wire-format 9.1): the method, the path `/`, and every parameter but the signature, sorted by name. */
export function stringToSign(method: string, parameters: Parameters): string {
  const canonical = [...parameters]
    .filter(([name]) => name !== "Signature")
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .join("&");
  return `${method}&${encode("/")}&${encode(canonical)}`;
}

/** The signature of a text under the secret of an access key (wire-format 9.1): HMAC-SHA1, the key being the secret and `&`. */
export function signatureOf(secret: Secret, text: string): Buffer {
  return createHmac("sha1", `${secret.reveal()}&`).update(text).digest();
}

/** RFC 3986 2.1: everything but unreserved characters is encoded, also what `encodeURIComponent` leaves. */
function encode(text: string): string {
  return encodeURIComponent(text).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
