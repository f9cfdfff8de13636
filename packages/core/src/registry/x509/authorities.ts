import type { ProductKey } from "../../certificate/names.ts";
import type { X509AuthorityRecord } from "../../ports/x509-store.ts";
import { parseX509 } from "../../x509/parse-x509.ts";
import { readPem } from "../../x509/read-pem.ts";
import { parseSerialNumber } from "../../x509/serial-number.ts";
import { whyUnfit } from "../../x509/why-unfit.ts";
import { type Problem, problem } from "../problem.ts";
import { cursorProblem, productNotFound } from "../products.ts";
import { recordAct } from "../record-act.ts";
import type { X509Authorities } from "./contracts.ts";
import { openOwnAuthority } from "./own-authority.ts";
import type { X509Deps } from "./x509-deps.ts";

/** More of them cost a login too much. */
export const MAX_AUTHORITIES = 20;
/** Devices whose sessions are closed at once. */
const CHUNK = 20;

/** What operators do with CAs, over the store. State is committed first; then every node is told, and then the operator. */
export function createX509Authorities(deps: X509Deps): X509Authorities {
  const { x509, registry, revocation, clock } = deps;

  async function findAuthority(productKey: ProductKey, fingerprint: string): Promise<X509AuthorityRecord | undefined> {
    return (await x509.listAuthorities(productKey)).find((authority) => authority.fingerprint === fingerprint);
  }

  return {
    async add(actor, productKey, certificate) {
      const der = readPem(certificate);
      const facts = der && parseX509(der);
      if (!facts) return problem("invalid", "certificate: no certificate in PEM that can be read", "certificate");
      const unfit = whyUnfit(facts, { as: "authority", nowMs: clock.nowMs() });
      if (unfit) return problem("invalid", `certificate: ${unfit}`, "certificate");
      if ((await x509.listAuthorities(productKey)).length >= MAX_AUTHORITIES)
        return problem("invalid", `a product trusts ${MAX_AUTHORITIES} CAs at most`);
      const { fingerprint, keyHash, subject, notBeforeMs, notAfterMs } = facts;
      const dates = { notBeforeMs, notAfterMs, createdAtMs: clock.nowMs() };
      const authority = { productKey, fingerprint, keyHash, subject: subject.text, ...dates, der: facts.der };
      const outcome = await x509.insertAuthority(authority);
      if (outcome === "no_product") return productNotFound();
      if (outcome === "taken") return problem("x509_taken", "the product trusts this CA already");
      await Promise.all([
        revocation.revoke({ productKey }, { close: false }),
        recordAct(deps, actor, { action: "x509.authority.add", target: productKey, detail: { fingerprint } }),
      ]);
      return authority;
    },
    async list(productKey) {
      if (!(await registry.findProduct(productKey))) return productNotFound();
      return x509.listAuthorities(productKey);
    },
    async remove(actor, productKey, fingerprint) {
      if (!(await x509.deleteAuthority(productKey, fingerprint))) return authorityNotFound();
      const [revoked] = await Promise.all([
        revocation.revoke({ productKey }, { close: true }),
        recordAct(deps, actor, { action: "x509.authority.remove", target: productKey, detail: { fingerprint } }),
      ]);
      return revoked;
    },
    async revokeSerials(actor, { productKey, fingerprint }, { serialNumbers, why }) {
      const authority = await findAuthority(productKey, fingerprint);
      if (!authority) return authorityNotFound();
      const parsed = serialNumbers.map(parseSerialNumber);
      const wrong = parsed.indexOf(undefined);
      if (wrong >= 0) return problem("invalid", "hexadecimal, 1 to 42 digits", `serialNumbers.${wrong}`);
      const serials = parsed.filter((serial) => serial !== undefined);
      const list = { productKey, issuerKeyHash: authority.keyHash };
      const devices = await x509.revokeSerials(list, serials, { atMs: clock.nowMs(), why });
      if (devices === "no_product") return productNotFound();
      const detail = { fingerprint, why, count: serials.length, devices: devices.length };
      await recordAct(deps, actor, { action: "x509.authority.revoke", target: productKey, detail });
      // What was remembered of certificates between a device's and the CA goes as well.
      let told = await revocation.revoke({ productKey }, { close: false });
      for (let at = 0; at < devices.length; at += CHUNK) {
        const closed = await Promise.all(
          devices.slice(at, at + CHUNK).map((device) => revocation.revoke({ device }, { close: true })),
        );
        for (const { closedSessions, nodes, elapsedMs } of closed)
          told = {
            closedSessions: told.closedSessions + closedSessions,
            nodes: Math.min(told.nodes, nodes),
            elapsedMs: Math.max(told.elapsedMs, elapsedMs),
          };
      }
      return { ...told, devices: devices.length };
    },
    async listRevoked({ productKey, fingerprint }, page) {
      const authority = await findAuthority(productKey, fingerprint);
      if (!authority) return authorityNotFound();
      return x509.listRevoked({ productKey, issuerKeyHash: authority.keyHash }, page).catch(cursorProblem);
    },
    async findOwn() {
      const own = await x509.findOwnAuthority();
      return (own && parseX509(own.der)) ?? problem("x509_not_found", "Trine has no CA of its own yet");
    },
    makeOwn: async (actor) => (await openOwnAuthority(deps, actor)).facts,
  };
}

function authorityNotFound(): Problem {
  return problem("x509_not_found", "the product does not trust a CA with this fingerprint");
}
