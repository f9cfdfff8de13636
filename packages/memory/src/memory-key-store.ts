import type { Clock, DataKeyRecord, KeyRecords, KeyStore } from "@trine/core/ports";

/** Keeps the records of keys until the process ends. For tests. */
export function createMemoryKeyStore({ clock }: { clock: Clock }): KeyStore {
  let records: KeyRecords | undefined;
  let lease: { worker: string; overAtMs: number } | undefined;

  const isHeldBy = (worker: string) => lease?.worker === worker && lease.overAtMs > clock.monotonicMs();
  const leaseTo = (worker: string, leaseMs: number) => ({ worker, overAtMs: clock.monotonicMs() + leaseMs });

  return {
    load: async () => records,
    async found(first) {
      if (records) return false;
      records = first;
      return true;
    },
    async addMasterKey(record) {
      if (!records || records.masterKeys.some(({ id, retiredAtMs }) => id === record.id && retiredAtMs === undefined))
        return;
      const others = records.masterKeys.filter(({ id }) => id !== record.id);
      records = { ...records, masterKeys: [...others, record] };
    },
    async beginRotation(dataKey, rotation) {
      if (!records || (records.rotation && records.rotation.finishedAtMs === undefined)) return false;
      records = { ...records, dataKeys: [...records.dataKeys, dataKey], rotation };
      lease = undefined;
      return true;
    },
    async claim(worker, leaseMs) {
      if (lease && !isHeldBy(worker) && lease.overAtMs > clock.monotonicMs()) return undefined;
      lease = leaseTo(worker, leaseMs);
      return records;
    },
    async save(worker, leaseMs, { dataKeys = [], retired, ...change }) {
      if (!records || !isHeldBy(worker)) return false;
      lease = leaseTo(worker, leaseMs);
      const { ids = [], atMs = 0 } = retired ?? {};
      records = {
        ...records,
        ...change,
        dataKeys: merged(records.dataKeys, dataKeys),
        masterKeys: records.masterKeys.map((key) => (ids.includes(key.id) ? { ...key, retiredAtMs: atMs } : key)),
      };
      return true;
    },
  };
}

function merged(old: readonly DataKeyRecord[], changed: readonly DataKeyRecord[]): readonly DataKeyRecord[] {
  const byId = new Map([...old, ...changed].map((dataKey) => [dataKey.id, dataKey]));
  return [...byId.values()];
}
