import { ALPHANUMERIC, drawText } from "../certificate/issue.ts";
import { accessKeyContext } from "../certificate/seal-context.ts";
import { Secret } from "../certificate/secret.ts";
import type { Vault } from "../certificate/vault.ts";
import type { Keychain } from "../keys/keychain.ts";
import type { AccessKeyRecord, AccessKeyStore } from "../ports/access-key-store.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { DeviceRegistry } from "../ports/device-registry.ts";
import { problem } from "../registry/problem.ts";
import { cursorProblem } from "../registry/products.ts";
import { recordAct } from "../registry/record-act.ts";
import { checkLimits, isExpired } from "./check-limits.ts";
import type { AccessKey, AccessKeys } from "./contracts.ts";
import { createKeyUses } from "./key-uses.ts";

/** What access keys stand on. */
export interface AccessKeyDeps {
  readonly accessKeys: AccessKeyStore;
  readonly registry: Pick<DeviceRegistry, "findProduct">;
  readonly audit: AuditLog;
  readonly vault: Vault;
  readonly keychain: Pick<Keychain, "knows" | "reload">;
  readonly clock: Clock;
  readonly random: Random;
}

/** By which scanners for leaked secrets, and people, know an accessKeyId. */
const PREFIX = "TRINE";
const ID_CHARS = 20;
const SECRET_CHARS = 30;

/** By how much the clocks of processes may differ. */
const SKEW_MS = 60_000;

/** Keys that sign, over their store, which is asked at every request: so a revoked key is refused by the next one. */
export function createAccessKeys(deps: AccessKeyDeps): AccessKeys {
  const { accessKeys: store, vault, keychain, clock, random } = deps;
  const uses = createKeyUses(store);

  return {
    async create(actor, { name, role, products, expiresAtMs }) {
      const nowMs = clock.nowMs();
      const limits = { ...(products ? { products } : {}), ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
      const wrong = await checkLimits({ ...deps, nowMs }, limits);
      if (wrong) return wrong;
      const accessKeyId = PREFIX + drawText(random, ID_CHARS - PREFIX.length, ALPHANUMERIC);
      const secret = new Secret(drawText(random, SECRET_CHARS, ALPHANUMERIC), "AccessKeySecret");
      const sealedSecret = vault.seal(secret, accessKeyContext(accessKeyId));
      // Written before the key is made: nobody gets one that is not in the log.
      await recordAct(deps, actor, {
        action: "access_key.create",
        target: accessKeyId,
        detail: { name, role, ...limits },
      });
      const record = {
        accessKeyId,
        name,
        role,
        ...limits,
        sealedSecret,
        createdAtMs: nowMs,
        createdBy: actor.name,
      };
      await store.insert(record);
      return { key: shown(record), secret };
    },
    async list(page) {
      try {
        const { items, ...rest } = await store.list(page);
        return { ...rest, items: items.map(shown) };
      } catch (error) {
        return cursorProblem(error);
      }
    },
    async revoke(actor, accessKeyId) {
      const record = await store.remove(accessKeyId);
      if (!record) return problem("access_key_not_found", "it may be revoked; see the list of access keys");
      const detail = { name: record.name };
      await recordAct(deps, actor, { action: "access_key.revoke", target: accessKeyId, detail });
      return undefined;
    },
    async find(accessKeyId) {
      const record = ACCESS_KEY_ID.test(accessKeyId) ? await store.find(accessKeyId) : undefined;
      if (!record || isExpired(record, clock.nowMs())) return undefined;
      const { name, role, products, sealedSecret, lastUsed } = record;
      // This process may have missed the word about a new data key.
      if (!keychain.knows(sealedSecret)) await keychain.reload();
      return {
        accessKeyId,
        name,
        role,
        ...(products ? { products } : {}),
        secret: vault.open(sealedSecret, accessKeyContext(accessKeyId)),
        takeNonce: (nonce, lifeMs) => {
          const nowMs = clock.nowMs();
          return store.takeNonce(accessKeyId, nonce, { nowMs, endsAtMs: nowMs + lifeMs + SKEW_MS });
        },
        noteUse: (peer) => uses.note({ keyId: accessKeyId, lastUsed }, { atMs: clock.nowMs(), peer }),
      };
    },
    flush: uses.flush,
  };
}

/** What an accessKeyId can look like: of anything else no store is asked. */
const ACCESS_KEY_ID = /^[A-Za-z0-9]{16,24}$/;

function shown({ sealedSecret: _, ...rest }: AccessKeyRecord): AccessKey {
  return rest;
}
