import { VaultError } from "../certificate/vault-error.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Random } from "../ports/clock.ts";
import type { KeyRecords, KeyRotation, MasterKeyRecord } from "../ports/key-store.ts";
import { problem } from "../registry/problem.ts";
import { recordAct } from "../registry/record-act.ts";
import { neededMasterKeys } from "./check-master-keys.ts";
import type { KeyStatus, Keys, MasterKeyStatus } from "./contracts.ts";
import { announced, isKeyWorkDue, type KeyWorkDeps, nextKeyStep } from "./key-work.ts";

/** Longer than a step takes: asking nodes that do not answer takes seconds. */
const LEASE_MS = 30_000;

/** Rotation of the keys that encrypt secrets at rest, over the key store. See docs/decisions/0020. */
export function createKeys(deps: KeyWorkDeps & { readonly audit: AuditLog; readonly random: Random }): Keys {
  const { keyStore, keychain, random, clock } = deps;
  const worker = random.bytes(8).toString("hex");

  async function loaded(): Promise<KeyRecords> {
    const records = await keyStore.load();
    if (!records) throw new VaultError("the records of keys are gone");
    return records;
  }

  return {
    async rotate(actor) {
      const dataKey = await keychain.drawDataKey((await loaded()).primary);
      if (!(await keyStore.beginRotation(dataKey, announced(dataKey.id, deps))))
        return problem("keys_rotating", "wait until its phase is done");
      await recordAct(deps, actor, { action: "keys.rotate", target: dataKey.id });
      return statusOf(await loaded(), clock.nowMs());
    },
    status: async () => statusOf(await loaded(), clock.nowMs()),
    async work(signal) {
      if (signal.aborted) return false;
      if (!isKeyWorkDue(await loaded(), deps)) return false;
      const records = await keyStore.claim(worker, LEASE_MS);
      const step = records && (await nextKeyStep(records, deps));
      if (!step) return false;
      if (!(await keyStore.save(worker, LEASE_MS, step.change))) return false;
      return step.goesOn;
    },
  };
}

function statusOf(records: KeyRecords, nowMs: number): KeyStatus {
  const { installationId, activeDataKey, dataKeys, masterKeys, rotation } = records;
  return {
    installationId,
    ...(activeDataKey === undefined ? {} : { activeDataKey }),
    ...progressOf(rotation, nowMs),
    masterKeys: masterKeys.map((key) => masterKeyStatus(key, records)),
    dataKeys: dataKeys.map(({ id, wrappedBy, createdAtMs }) => ({
      id,
      wrappedBy,
      createdAtMs,
      active: id === activeDataKey,
    })),
  };
}

function progressOf(rotation: KeyRotation | undefined, nowMs: number) {
  const none = { waitingFor: [], total: 0, done: 0, resealed: 0, broken: 0, ratePerSecond: 0 };
  if (!rotation) return { phase: "never" as const, ...none };
  const { phase, waitingFor, total, done, resealed, startedAtMs, finishedAtMs, activatedAtMs, sealedAtMs } = rotation;
  const seconds = activatedAtMs === undefined ? 0 : ((sealedAtMs ?? nowMs) - activatedAtMs) / 1_000;
  return {
    ...{ phase, waitingFor, total, done, resealed, startedAtMs },
    broken: rotation.pass.broken,
    ratePerSecond: seconds > 0 ? Math.round(done / seconds) : 0,
    ...(finishedAtMs === undefined ? {} : { finishedAtMs }),
  };
}

function masterKeyStatus({ id, addedAtMs, retiredAtMs }: MasterKeyRecord, records: KeyRecords): MasterKeyStatus {
  const isNeeded = neededMasterKeys(records).some((key) => key.id === id);
  const unused = retiredAtMs === undefined ? ("next" as const) : ("unneeded" as const);
  const state = id === records.primary ? ("primary" as const) : isNeeded ? ("needed" as const) : unused;
  return { id, state, addedAtMs, ...(retiredAtMs === undefined ? {} : { retiredAtMs }) };
}
