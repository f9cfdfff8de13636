import { drawDeviceName, drawIotId, drawText } from "../certificate/issue.ts";
import type { DeviceName, ProductKey } from "../certificate/names.ts";
import { openDeviceSecret } from "../certificate/open-device-secret.ts";
import type { BatchError, BatchLine, BatchRecord } from "../ports/batch-store.ts";
import type { Random } from "../ports/clock.ts";
import type { NewDevice, ProductProfile } from "../ports/device-registry.ts";
import { type CheckedLines, checkLines } from "./check-lines.ts";
import type { Batches, DeviceCertificate } from "./contracts.ts";
import { findTaken } from "./find-taken.ts";
import { newSecret } from "./new-secret.ts";
import { problem } from "./problem.ts";
import { productNotFound } from "./products.ts";
import { recordAct } from "./record-act.ts";
import type { RegistryDeps } from "./registry-deps.ts";

/** Most devices of one batch. */
const MAX_LINES = 100_000;
const CHUNK = 1_000;
const LEASE_MS = 30_000;
const ERRORS_SHOWN = 1_000;

/**
 * Many devices at once, over the batch store.
 *
 * Devices of a batch are not announced one by one in the uplink log as single ones are: a batch of 100 000 would push the devices'
 * own messages out of a log that is bounded by size. Its progress and its certificates tell the same.
 */
export function createBatches(deps: RegistryDeps): Batches {
  const { registry, batches, random, clock } = deps;
  const worker = random.bytes(8).toString("hex");

  return {
    async check(productKey, { lines }) {
      if (!(await registry.findProduct(productKey))) return productNotFound();
      const checked = checkLines(lines);
      const errors = [...checked.errors, ...(await takenErrors(deps, productKey, checked))].sort(
        (a, b) => a.line - b.line,
      );
      return { total: lines.length, failed: errors.length, errors: errors.slice(0, ERRORS_SHOWN) };
    },
    async create(actor, productKey, { lines, fingerprint, idempotencyKey, numbered, held }) {
      if (lines.length === 0 || lines.length > MAX_LINES)
        return problem("invalid", `1 to ${MAX_LINES} devices a batch, here are ${lines.length}`);
      if (!(await registry.findProduct(productKey))) return productNotFound();
      const { good, errors } = checkLines(lines);
      const taken = held ? await takenErrors(deps, productKey, { good, errors }) : [];
      const refused = new Set(taken.map(({ line }) => line));
      const batchId = numbered ? drawBatchNumber(random) : drawText(random, 20, "abcdefghijkmnpqrstuvwxyz23456789");
      const made = await batches.create({
        batchId,
        productKey,
        lines: good.filter(({ line }) => !refused.has(line)),
        errors: [...errors, ...taken],
        fingerprint,
        createdAtMs: clock.nowMs(),
        ...(held ? { held } : {}),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      });
      if (made.outcome === "conflict")
        return problem("idempotency_conflict", "use a new key for a new request", "Idempotency-Key");
      if (made.outcome === "created") {
        await recordAct(deps, actor, {
          action: "batch.create",
          target: batchId,
          detail: { productKey, total: lines.length, ...(held ? { held } : {}) },
        });
      }
      return { batchId: made.batchId };
    },
    find: async (batchId) => (await batches.find(batchId)) ?? batchNotFound(),
    async release(actor, batchId) {
      const batch = await batches.find(batchId);
      if (!batch) return batchNotFound();
      if (batch.failed > 0) return problem("batch_not_held", `${batch.failed} of its names cannot be registered`);
      if (!(await batches.release(batchId))) return problem("batch_not_held", `it is ${batch.status} already`);
      await recordAct(deps, actor, { action: "batch.release", target: batchId, detail: { total: batch.total } });
      return undefined;
    },
    async certificates(actor, batchId) {
      const batch = await batches.find(batchId);
      if (!batch) return batchNotFound();
      if (batch.status !== "done") return problem("batch_not_done", "wait until its status is done");
      await recordAct(deps, actor, { action: "certificate.export", target: batchId, detail: { count: batch.done } });
      return readCertificates(deps, batch);
    },
    async work(signal) {
      if (signal.aborted) return false;
      const claimed = await batches.claim(worker, LEASE_MS, CHUNK);
      if (!claimed) return false;
      const { batch, lines } = claimed;
      // Without a product the store counts every line as an error.
      const product = (await registry.findProduct(batch.productKey)) ?? { productKey: batch.productKey };
      const devices = lines.map((line) => newDevice(deps, product, line));
      if (await batches.commitChunk(batch.batchId, worker, LEASE_MS, devices)) await noteCreated(deps, batch, devices);
      return true;
    },
  };
}

/** Draws a batchId of 15 digits, the first of which is no zero. */
function drawBatchNumber(random: Random): string {
  return drawText(random, 1, "123456789") + drawText(random, 14, "0123456789");
}

function newDevice(
  deps: RegistryDeps,
  product: Pick<ProductProfile, "productKey" | "sealedSeed">,
  { deviceName, ...line }: BatchLine,
) {
  const device = { productKey: product.productKey, deviceName: deviceName ?? drawDeviceName(deps.random) };
  return {
    ...line,
    ...newSecret(deps, product, device),
    device,
    iotId: drawIotId(deps.random),
    createdAtMs: deps.clock.nowMs(),
  };
}

/**
 * Straight into the store: so many at once would push other events out of the queue. Lines that could not be registered have no device
 * of their iotId, so theirs are dropped there.
 */
async function noteCreated(
  { timeline, recorder }: RegistryDeps,
  { batchId }: BatchRecord,
  devices: readonly NewDevice[],
): Promise<void> {
  const events = devices.map(({ device, iotId, createdAtMs }) => ({
    device,
    iotId,
    kind: "created" as const,
    atMs: createdAtMs,
    detail: { batchId },
  }));
  // The devices are there, so a timeline that cannot be written takes nothing back.
  await timeline.append(events).catch((error: unknown) => recorder.fault("timeline", error));
}

/** Names that the product has already; only read, so that a dry run locks nothing that registration needs. */
async function takenErrors({ registry }: RegistryDeps, productKey: ProductKey, { good }: CheckedLines) {
  const named = good.flatMap(({ line, deviceName }) => (deviceName === undefined ? [] : [{ line, deviceName }]));
  const taken = await findTaken(
    registry,
    productKey,
    named.map(({ deviceName }) => deviceName),
  );
  return named
    .filter(({ deviceName }) => taken.has(deviceName))
    .map((each): BatchError => ({ ...each, code: "name_taken", message: "the product has a device of this name" }));
}

async function* readCertificates(
  { registry, vault }: RegistryDeps,
  batch: BatchRecord,
): AsyncGenerator<DeviceCertificate> {
  const { productKey, batchId } = batch;
  const { sealedSeed } = (await registry.findProduct(productKey)) ?? {};
  const seed = sealedSeed === undefined ? {} : { sealedSeed };
  let after: DeviceName | undefined;
  for (;;) {
    const page = await registry.listSealedSecrets(productKey, { batchId, limit: CHUNK, ...(after ? { after } : {}) });
    for (const { deviceName, ...kept } of page) {
      const deviceSecret = openDeviceSecret(vault, { ...kept, ...seed, device: { productKey, deviceName } });
      yield { productKey, deviceName, deviceSecret };
    }
    after = page.at(-1)?.deviceName;
    if (page.length < CHUNK || after === undefined) return;
  }
}

function batchNotFound() {
  return problem("batch_not_found", "check the batchId");
}
