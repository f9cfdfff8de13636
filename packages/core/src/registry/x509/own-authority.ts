import { ownAuthorityContext } from "../../certificate/seal-context.ts";
import type { X509Authority } from "../../ports/x509-issuer.ts";
import { parseX509, type X509Facts } from "../../x509/parse-x509.ts";
import { drawSerialNumber } from "../../x509/serial-number.ts";
import type { Actor } from "../contracts.ts";
import { recordAct } from "../record-act.ts";
import type { X509Deps } from "./x509-deps.ts";

const DAY_MS = 86_400_000;
const VALID_DAYS = 30 * 365;

/** Trine's own CA with its key, made when it is asked for first. Of several nodes that make one at once, one's is kept. */
export async function openOwnAuthority(
  deps: X509Deps,
  actor: Actor,
): Promise<X509Authority & { readonly facts: X509Facts }> {
  const { der, sealedKey, fingerprint } = (await deps.x509.findOwnAuthority()) ?? (await make(deps, actor));
  const facts = parseX509(der);
  if (!facts) throw new Error("the certificate of the own CA cannot be read");
  return { der, facts, privateKey: deps.vault.open(sealedKey, ownAuthorityContext(fingerprint)) };
}

async function make(deps: X509Deps, actor: Actor) {
  const { x509, x509Issuer, vault, clock, random } = deps;
  const nowMs = clock.nowMs();
  const { der, privateKey } = await x509Issuer.createAuthority({
    name: `Trine Device CA ${random.bytes(4).toString("hex")}`,
    serialNumber: drawSerialNumber(random),
    notBeforeMs: nowMs - DAY_MS,
    notAfterMs: nowMs + VALID_DAYS * DAY_MS,
  });
  const fingerprint = parseX509(der)?.fingerprint;
  if (fingerprint === undefined) throw new Error("the certificate of the own CA cannot be read");
  const sealedKey = vault.seal(privateKey, ownAuthorityContext(fingerprint));
  const kept = await x509.keepOwnAuthority({ fingerprint, der, sealedKey, createdAtMs: nowMs });
  if (kept.fingerprint === fingerprint)
    await recordAct(deps, actor, { action: "x509.authority.create", target: fingerprint });
  return kept;
}
