import { isRefusal, type MacAttempt, type Refusal, type X509Attempt } from "@trine/core/auth";
import { computeMac, macMatches, parseDeviceRef, Secret, stringToSign } from "@trine/core/certificate";
import { type IdentifierPairs, metadataOf } from "./client-identifier.ts";
import type { ConnectFields } from "./connect-fields.ts";
import { TRANSPORT } from "./transport.ts";

/** What the vendor's C SDK signs with when it has none (wire-format 2.10). */
const NO_SECRET = new Secret("");

/**
 * Reads a login that leaves its proof to the certificate of the channel (wire-format 2.10). Any client identifier will do. A device that does
 * not know its names yet says none: an empty username, or `&`; one that knows them says them, with no password, or with one made with the
 * empty secret.
 *
 * @param read.signed the same login, read as one that is signed.
 * @returns `undefined` when there is no certificate, or the login has a signature of its own.
 */
export function parseX509Login(
  { username = "", password, peer, channel }: ConnectFields,
  { signed, pairs }: { signed: MacAttempt | Refusal; pairs: Partial<IdentifierPairs> },
): X509Attempt | undefined {
  if (channel?.kind !== "x509") return undefined;
  const common = {
    x509: channel.chain,
    transport: TRANSPORT,
    peer,
    keep: "connection",
    metadata: metadataOf(pairs),
  } as const;
  if (username === "" || username === "&") return common;
  const [deviceName = "", productKey = ""] = username.split("&", 2);
  const device = parseDeviceRef(productKey, deviceName);
  const hasSignature = password !== undefined && password.length > 0 && !isSignedWithNothing(signed);
  return device && !hasSignature ? { ...common, device } : undefined;
}

function isSignedWithNothing(signed: MacAttempt | Refusal): boolean {
  return (
    !isRefusal(signed) && macMatches(computeMac(signed.signMethod, NO_SECRET, stringToSign(signed.signed)), signed.mac)
  );
}
