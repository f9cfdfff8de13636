import { macMatches } from "../certificate/mac.ts";
import type { ApiKeyRecord, ApiKeyStore } from "../ports/api-key-store.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { DeviceRegistry } from "../ports/device-registry.ts";
import type { OperatorSessionStore } from "../ports/operator-session-store.ts";
import { type Problem, problem } from "../registry/problem.ts";
import { cursorProblem } from "../registry/products.ts";
import { recordAct } from "../registry/record-act.ts";
import { digestOfKey, drawApiKey, drawKeyId, keyIdOf } from "./api-key-text.ts";
import { checkLimits, isExpired } from "./check-limits.ts";
import type { ApiKey, ApiKeys, KeyHolder } from "./contracts.ts";
import { createKeyUses } from "./key-uses.ts";

/** How long a key works on after it was rotated, in seconds. */
export const KEY_ROTATION_GRACE = { defaultSeconds: 86_400, maxSeconds: 30 * 86_400 } as const;

/** What keys stand on. */
export interface ApiKeyDeps {
  readonly apiKeys: ApiKeyStore;
  readonly operatorSessions: OperatorSessionStore;
  readonly registry: Pick<DeviceRegistry, "findProduct">;
  readonly audit: AuditLog;
  readonly clock: Clock;
  readonly random: Random;
}

/** Keys of operators and applications, over their store, which is asked at every request: so a revoked key is refused by the next one. */
export function createApiKeys(deps: ApiKeyDeps): ApiKeys {
  const { apiKeys: store, operatorSessions, clock, random } = deps;
  const uses = createKeyUses(store);

  const issued = (record: ApiKeyRecord, text: ReturnType<typeof drawApiKey>) => ({ key: shown(record), text });

  return {
    async create(actor, { name, role, products, expiresAtMs }) {
      const nowMs = clock.nowMs();
      const limits = { ...(products ? { products } : {}), ...(expiresAtMs === undefined ? {} : { expiresAtMs }) };
      const wrong = await checkLimits({ ...deps, nowMs }, limits);
      if (wrong) return wrong;
      const keyId = drawKeyId(random);
      await recordAct(deps, actor, { action: "api_key.create", target: keyId, detail: { name, role, ...limits } });
      const text = drawApiKey(keyId, random);
      const digest = digestOfKey(text.reveal()).toString("hex");
      const record = { keyId, name, role, ...limits, digest, createdAtMs: nowMs, createdBy: actor.name };
      await store.insert(record);
      return issued(record, text);
    },
    async find(keyId) {
      const record = await store.find(keyId);
      return record ? shown(record) : keyNotFound();
    },
    async list(page) {
      try {
        const { items, ...rest } = await store.list(page);
        return { ...rest, items: items.map(shown) };
      } catch (error) {
        return cursorProblem(error);
      }
    },
    async rotate(actor, keyId, { graceSeconds = KEY_ROTATION_GRACE.defaultSeconds }) {
      if (!(await store.find(keyId))) return keyNotFound();
      // Written before the key is made: nobody gets one that is not in the log.
      await recordAct(deps, actor, { action: "api_key.rotate", target: keyId, detail: { graceSeconds } });
      const text = drawApiKey(keyId, random);
      const digest = digestOfKey(text.reveal()).toString("hex");
      const grace = graceSeconds > 0 ? { previousEndsAtMs: clock.nowMs() + graceSeconds * 1_000 } : {};
      const record = await store.rotate(keyId, { digest, ...grace });
      return record ? issued(record, text) : keyNotFound();
    },
    async revoke(actor, keyId) {
      const record = await store.remove(keyId);
      if (!record) return keyNotFound();
      const [closedSessions] = await Promise.all([
        operatorSessions.removeOfKey(keyId),
        recordAct(deps, actor, { action: "api_key.revoke", target: keyId, detail: { name: record.name } }),
      ]);
      return { closedSessions };
    },
    async verify(text, peer) {
      const keyId = keyIdOf(text);
      const record = keyId === undefined ? undefined : await store.find(keyId);
      const nowMs = clock.nowMs();
      const digest = digestOfKey(text);
      // Every digest is compared, and one of nobody's key in place of a missing one, so that an unknown id is a wrong secret like any other.
      const matches = (record ? digestsOf(record, nowMs) : [NOBODY]).map((known) => macMatches(known, digest));
      if (!record || !matches.includes(true)) return "unknown";
      if (isExpired(record, nowMs)) return "expired";
      uses.note(record, { atMs: nowMs, peer });
      return { holder: holderOf(record, nowMs), digest };
    },
    async holder(keyId) {
      const record = await store.find(keyId);
      const nowMs = clock.nowMs();
      return record && !isExpired(record, nowMs) ? holderOf(record, nowMs) : undefined;
    },
    flush: uses.flush,
  };
}

const NOBODY = Buffer.alloc(32);

function keyNotFound(): Problem {
  return problem("api_key_not_found", "it may be revoked; see the list of keys");
}

function digestsOf({ digest, previous }: ApiKeyRecord, nowMs: number): readonly Buffer[] {
  const texts = previous && previous.endsAtMs > nowMs ? [digest, previous.digest] : [digest];
  return texts.map((text) => Buffer.from(text, "hex"));
}

function holderOf(record: ApiKeyRecord, nowMs: number): KeyHolder {
  const { keyId, name, role, products } = record;
  return { keyId, name, role, ...(products ? { products } : {}), digests: digestsOf(record, nowMs) };
}

function shown({ digest: _, previous, ...rest }: ApiKeyRecord): ApiKey {
  return { ...rest, ...(previous ? { previousEndsAtMs: previous.endsAtMs } : {}) };
}
