import type { ProductKey } from "@trine/core/certificate";
import type { BatchError, BatchLine, BatchRecord, BatchStore, Clock } from "@trine/core/ports";
import type { MemoryDeviceRegistry } from "./memory-device-registry.ts";

const MAX_ERRORS = 1_000;

interface StoredBatch {
  readonly batchId: string;
  readonly productKey: ProductKey;
  readonly createdAtMs: number;
  readonly total: number;
  /** What is still to do, in order. */
  lines: readonly BatchLine[];
  errors: readonly BatchError[];
  done: number;
  lease: { worker: string; overAtMs: number } | undefined;
  held: boolean;
}

const HELD_MS = 86_400_000;

/** Keeps batches until the process ends. For tests. */
export function createMemoryBatchStore({
  registry,
  clock,
}: {
  registry: MemoryDeviceRegistry;
  clock: Clock;
}): BatchStore {
  const batches = new Map<string, StoredBatch>();
  const idempotent = new Map<string, { batchId: string; fingerprint: string }>();

  const isFree = ({ lines, lease, held }: StoredBatch, worker: string) =>
    !held &&
    lines.length > 0 &&
    (lease === undefined || lease.worker === worker || lease.overAtMs <= clock.monotonicMs());
  const leaseTo = (worker: string, leaseMs: number) => ({ worker, overAtMs: clock.monotonicMs() + leaseMs });

  function forgetOldHeld(of: ProductKey, nowMs: number): void {
    for (const { batchId, productKey, held, createdAtMs } of batches.values())
      if (productKey === of && held && createdAtMs < nowMs - HELD_MS) batches.delete(batchId);
  }

  return {
    async create({ batchId, productKey, lines, errors, idempotencyKey, fingerprint, createdAtMs, held = false }) {
      const key = idempotencyKey === undefined ? undefined : `${productKey}/${idempotencyKey}`;
      const first = key === undefined ? undefined : idempotent.get(key);
      if (first && first.fingerprint !== fingerprint) return { outcome: "conflict" };
      if (first) return { outcome: "existing", batchId: first.batchId };
      if (key !== undefined) idempotent.set(key, { batchId, fingerprint });
      const total = lines.length + errors.length;
      if (held) forgetOldHeld(productKey, createdAtMs);
      batches.set(batchId, { batchId, productKey, createdAtMs, total, lines, errors, done: 0, lease: undefined, held });
      return { outcome: "created", batchId };
    },
    async find(batchId) {
      const batch = batches.get(batchId);
      return batch && recordOf(batch);
    },
    async release(batchId) {
      const batch = batches.get(batchId);
      if (!batch?.held) return false;
      batch.held = false;
      return true;
    },
    async claim(worker, leaseMs, limit) {
      const [oldest] = [...batches.values()]
        .filter((batch) => isFree(batch, worker))
        .toSorted((a, b) => a.createdAtMs - b.createdAtMs);
      if (!oldest) return undefined;
      oldest.lease = leaseTo(worker, leaseMs);
      return { batch: recordOf(oldest), lines: oldest.lines.slice(0, limit) };
    },
    async commitChunk(batchId, worker, leaseMs, devices) {
      const batch = batches.get(batchId);
      if (batch?.lease?.worker !== worker) return false;
      const inserted = registry.insertOfBatch(batch.productKey, devices, batchId);
      if (inserted === "no_product") throw new Error(`the product of batch ${batchId} is gone`);
      const taken = new Set(inserted.taken);
      const refused = devices.filter(({ device }) => taken.has(device.deviceName));
      const handled = new Set(devices.map(({ line }) => line));
      batch.lines = batch.lines.filter(({ line }) => !handled.has(line));
      batch.errors = [...batch.errors, ...refused.map(({ line, device }) => nameTaken(line, device.deviceName))];
      batch.done += devices.length - refused.length;
      batch.lease = leaseTo(worker, leaseMs);
      return true;
    },
  };
}

function nameTaken(line: number, deviceName: string): BatchError {
  return { line, deviceName, code: "name_taken", message: "the device name is taken" };
}

function recordOf({
  batchId,
  productKey,
  createdAtMs,
  total,
  lines,
  errors,
  done,
  lease,
  held,
}: StoredBatch): BatchRecord {
  return {
    batchId,
    productKey,
    status: held ? "held" : lines.length === 0 ? "done" : lease ? "running" : "pending",
    total,
    done,
    failed: errors.length,
    errors: errors.toSorted((a, b) => a.line - b.line).slice(0, MAX_ERRORS),
    createdAtMs,
  };
}
