import { drawText } from "../../certificate/issue.ts";
import { parseDeviceName } from "../../certificate/names.ts";
import type { PackageRecord, PackageStore } from "../../ports/package-store.ts";
import type { Rotations } from "../contracts.ts";
import { type Problem, problem } from "../problem.ts";
import { recordAct } from "../record-act.ts";
import type { RegistryDeps } from "../registry-deps.ts";
import type { PackageOrder, Packages } from "./contracts.ts";
import { packageLines } from "./package-lines.ts";
import { readReceipt, receiptPublicKey } from "./receipt.ts";
import { createVoiding } from "./voiding.ts";

/** How long a package may be used, in seconds. */
export const PACKAGE_LIFE = { defaultSeconds: 30 * 86_400, maxSeconds: 365 * 86_400 } as const;

const EVENTS = 1_000;
const ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

/** What the hand-over stands on. */
export interface PackageDeps extends RegistryDeps {
  readonly packages: PackageStore;
  readonly rotations: Pick<Rotations, "rotate">;
}

/** The hand-over of certificates to factories, over the package store. */
export function createPackages(deps: PackageDeps): Packages {
  const { packages, batches, random, clock } = deps;
  const voidChunk = createVoiding(deps);

  async function find(batchId: string, packageId: string): Promise<PackageRecord | Problem> {
    const record = await packages.find(packageId);
    return record?.batchId === batchId ? record : problem("package_not_found", "check the batchId and the packageId");
  }

  return {
    find,
    async make(actor, batchId, order) {
      const batch = await batches.find(batchId);
      if (!batch) return problem("batch_not_found", "check the batchId");
      if (batch.status !== "done") return problem("batch_not_done", "wait until its status is done");
      const wrong = checkOrder(order);
      if (wrong) return wrong;
      const { recipient, count, expiresInSeconds = PACKAGE_LIFE.defaultSeconds } = order;
      const packageId = drawText(random, 20, ID_ALPHABET);
      const receiptSeed = random.bytes(32);
      const createdAtMs = clock.nowMs();
      const detail = { packageId, recipient, ...(count === undefined ? {} : { count }) };
      // Written before anything is handed out: nobody gets a package that is not in the log.
      await recordAct(deps, actor, { action: "package.make", target: batchId, detail });
      const handOver = {
        packageId,
        batchId,
        productKey: batch.productKey,
        recipient,
        receiptKey: receiptPublicKey(receiptSeed),
        createdAtMs,
        expiresAtMs: createdAtMs + expiresInSeconds * 1_000,
      };
      const record = await packages.make(handOver, count);
      if (!record)
        return problem(
          "batch_packed",
          "every device of the batch is in a package; void one to free its unused devices",
        );
      return { record, lines: packageLines(deps, record, receiptSeed) };
    },
    async list(batchId) {
      if (!(await batches.find(batchId))) return problem("batch_not_found", "check the batchId");
      return packages.list(batchId);
    },
    async devices(batchId, packageId, { limit, cursor }) {
      const record = await find(batchId, packageId);
      if (!("packageId" in record)) return record;
      const after = cursor === undefined ? undefined : parseDeviceName(cursor);
      if (cursor !== undefined && !after)
        return problem("cursor_invalid", "give back the nextCursor of the page before", "cursor");
      const found = await packages.listDevices(packageId, { limit: limit + 1, ...(after ? { after } : {}) });
      const items = found.slice(0, limit);
      const last = found.length > limit ? items.at(-1) : undefined;
      return { items, ...(last ? { nextCursor: last.deviceName } : {}) };
    },
    async takeReceipt(actor, { batchId, packageId }, text) {
      const record = await find(batchId, packageId);
      if (!("packageId" in record)) return record;
      const receipt = readReceipt(text, record.receiptKey);
      if (typeof receipt === "string") return problem("receipt_invalid", receipt);
      if (receipt.packageId !== packageId)
        return problem("receipt_invalid", `it is of package ${receipt.packageId.slice(0, 20)}`);
      const { marked, strangers } = await packages.markBurned(packageId, receipt.burned);
      await recordAct(deps, actor, {
        action: "package.receipt",
        target: batchId,
        detail: { packageId, burned: receipt.burned.length, marked: marked.length, strangers },
      });
      await noteBurned(deps, record, marked);
      return { marked: marked.length, strangers, record: { ...record, burned: record.burned + marked.length } };
    },
    async voidUnused(actor, { batchId, packageId }) {
      const record = await find(batchId, packageId);
      if (!("packageId" in record)) return record;
      await recordAct(deps, actor, { action: "package.void", target: batchId, detail: { packageId } });
      return (await packages.beginVoiding(packageId)) ?? record;
    },
    work: voidChunk,
  };
}

function checkOrder({ count, expiresInSeconds }: PackageOrder): Problem | undefined {
  if (count !== undefined && (!Number.isSafeInteger(count) || count < 1))
    return problem("invalid", "a whole number from 1 on", "count");
  const { maxSeconds } = PACKAGE_LIFE;
  const isFine =
    expiresInSeconds === undefined ||
    (Number.isSafeInteger(expiresInSeconds) && expiresInSeconds >= 1 && expiresInSeconds <= maxSeconds);
  return isFine ? undefined : problem("invalid", `a whole number from 1 to ${maxSeconds}`, "expiresInSeconds");
}

/** Straight into the store, in pieces: so many at once would push other events out of the queue. */
async function noteBurned(
  { timeline, clock, recorder }: RegistryDeps,
  { productKey, packageId }: PackageRecord,
  marked: Awaited<ReturnType<PackageStore["markBurned"]>>["marked"],
): Promise<void> {
  const atMs = clock.nowMs();
  for (let start = 0; start < marked.length; start += EVENTS) {
    const events = marked.slice(start, start + EVENTS).map(({ deviceName, iotId }) => ({
      device: { productKey, deviceName },
      iotId,
      kind: "burned" as const,
      atMs,
      detail: { packageId },
    }));
    // The receipt is taken, so a timeline that cannot be written takes nothing back.
    await timeline.append(events).catch((error: unknown) => recorder.fault("timeline", error));
  }
}
