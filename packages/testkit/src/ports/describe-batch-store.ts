import type { ProductKey } from "@trine/core/certificate";
import type { BatchError, BatchLine, BatchStore, DeviceRegistry } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDevice, aDeviceRef, aProduct, atOnce, randomName, upTo } from "./fixtures.ts";

const LEASE_MS = 60_000;

/**
 * Every promise of the port `BatchStore`. Needs a store that nobody else works on: `claim` takes any batch that waits.
 *
 * @param make opens the store together with the registry that its devices go to.
 */
export function describeBatchStore(name: string, make: MakeContract<BatchStore, { registry: DeviceRegistry }>): void {
  describe(`BatchStore: ${name}`, () => {
    const open = openContract(make);

    async function aBatch(
      count: number,
      given: { errors?: readonly BatchError[]; createdAtMs?: number; held?: boolean } = {},
    ) {
      const { store, registry } = open();
      const product = aProduct();
      await registry.insertProduct(product);
      const batchId = randomName();
      const lines: BatchLine[] = upTo(count).map((i) => ({ line: i + 1, deviceName: nameOf(product.productKey) }));
      const created = {
        batchId,
        productKey: product.productKey,
        lines,
        errors: [],
        fingerprint: "f",
        createdAtMs: 5_000,
        ...given,
      };
      expect(await store.create(created)).toEqual({ outcome: "created", batchId });
      return created;
    }

    const devicesOf = (productKey: ProductKey, lines: readonly BatchLine[]) =>
      lines.map(({ line, deviceName = nameOf(productKey) }) => ({ ...aDevice(productKey, { deviceName }), line }));

    /** Registers what waits, so that no case leaves work to the next. */
    async function finish(worker: string) {
      const { store } = open();
      for (let job = await store.claim(worker, LEASE_MS, 100); job; job = await store.claim(worker, LEASE_MS, 100)) {
        const { batchId, productKey } = job.batch;
        await store.commitChunk(batchId, worker, LEASE_MS, devicesOf(productKey, job.lines));
      }
    }

    it("keeps what was asked for, and counts what was refused at once", async () => {
      const { store, second } = open();
      const errors = [{ line: 9, deviceName: "x", code: "invalid", message: "too short" }];
      const { batchId, productKey, lines } = await aBatch(2, { errors });
      const pending = {
        batchId,
        productKey,
        status: "pending",
        total: 3,
        done: 0,
        failed: 1,
        errors,
        createdAtMs: 5_000,
      };
      expect(await second.find(batchId)).toEqual(pending);
      const job = await store.claim("worker", LEASE_MS, 10);
      expect(job?.lines).toEqual(lines);
      expect(job?.batch).toEqual({ ...pending, status: "running" });
      await finish("worker");
      expect(await store.find(randomName())).toBeUndefined();
    });

    it("is done at once when no line is left to register", async () => {
      const { store } = open();
      const { batchId } = await aBatch(0, { errors: [{ line: 1, deviceName: "", code: "invalid", message: "" }] });
      expect(await store.find(batchId)).toMatchObject({ status: "done", total: 1, done: 0, failed: 1 });
      expect(await store.claim("worker", LEASE_MS, 10)).toBeUndefined();
    });

    it("keeps nickname, tags and the absence of a name of every line", async () => {
      const { store, registry } = open();
      const product = aProduct();
      await registry.insertProduct(product);
      const lines = [
        { line: 1 },
        { line: 2, nickname: "lamp", tags: { a: "1" }, deviceName: nameOf(product.productKey) },
      ];
      await store.create({
        batchId: randomName(),
        productKey: product.productKey,
        lines,
        errors: [],
        fingerprint: "f",
        createdAtMs: 1,
      });
      expect((await store.claim("worker", LEASE_MS, 10))?.lines).toEqual(lines);
      await finish("worker");
    });

    it("makes one batch of one idempotency key, of 20 simultaneous callers", async () => {
      const { store, second } = open();
      const { productKey } = await aBatch(0);
      const idempotencyKey = randomName();
      const create = (fingerprint: string) => (client: BatchStore) =>
        client.create({
          batchId: randomName(),
          productKey,
          lines: [{ line: 1 }],
          errors: [],
          idempotencyKey,
          fingerprint,
          createdAtMs: 1,
        });
      const answers = await atOnce(20, (i) => create("same")(i % 2 ? store : second));
      expect(answers.filter(({ outcome }) => outcome === "created")).toHaveLength(1);
      expect(answers.filter(({ outcome }) => outcome === "existing")).toHaveLength(19);
      expect(new Set(answers.map((answer) => "batchId" in answer && answer.batchId)).size).toBe(1);
      expect(await create("other")(second)).toEqual({ outcome: "conflict" });
      await finish("worker");
    });

    it("gives a batch to exactly one of 20 workers", async () => {
      const { store, second } = open();
      const { batchId } = await aBatch(1);
      const jobs = await atOnce(20, (i) => (i % 2 ? store : second).claim(`worker ${i}`, LEASE_MS, 10));
      expect(jobs.filter(Boolean)).toHaveLength(1);
      const worker = `worker ${jobs.findIndex(Boolean)}`;
      expect((await store.find(batchId))?.status).toBe("running");
      await finish(worker);
    });

    it("gives the oldest batch first, and its holder the lines that are left, in order", async () => {
      const { store } = open();
      const young = await aBatch(1, { createdAtMs: 9_000 });
      const old = await aBatch(5, { createdAtMs: 8_000 });
      const first = await store.claim("worker", LEASE_MS, 2);
      expect(first?.batch.batchId).toBe(old.batchId);
      expect(first?.lines.map(({ line }) => line)).toEqual([1, 2]);
      expect(
        await store.commitChunk(old.batchId, "worker", LEASE_MS, devicesOf(old.productKey, old.lines.slice(0, 2))),
      ).toBe(true);
      expect(await store.find(old.batchId)).toMatchObject({ status: "running", total: 5, done: 2, failed: 0 });
      const rest = await store.claim("worker", LEASE_MS, 10);
      expect(rest?.lines.map(({ line }) => line)).toEqual([3, 4, 5]);
      await store.commitChunk(old.batchId, "worker", LEASE_MS, devicesOf(old.productKey, old.lines.slice(2)));
      expect(await store.find(old.batchId)).toMatchObject({ status: "done", done: 5 });
      expect((await store.claim("other", LEASE_MS, 10))?.batch.batchId).toBe(young.batchId);
      await finish("other");
    });

    it("gives a held batch to nobody before it was released, by exactly one of 20 callers", async () => {
      const { store, second } = open();
      const { batchId } = await aBatch(1, { held: true });
      expect(await second.find(batchId)).toMatchObject({ status: "held", total: 1, done: 0 });
      expect(await store.claim("early", LEASE_MS, 9)).toBeUndefined();
      const released = await atOnce(20, (i) => (i % 2 ? store : second).release(batchId));
      expect(released.filter(Boolean)).toHaveLength(1);
      expect((await store.claim("worker", LEASE_MS, 9))?.batch).toMatchObject({ batchId, status: "running" });
      await finish("worker");
      expect(await store.release(batchId)).toBe(false);
      expect(await store.release(randomName())).toBe(false);
    });

    it("forgets held batches of a product that nobody released for a day, when another is held", async () => {
      const { store } = open();
      const old = await aBatch(1, { held: true, createdAtMs: 5_000 });
      const other = await aBatch(1, { held: true, createdAtMs: 5_000 });
      const next = { ...old, batchId: randomName(), createdAtMs: 5_000 + 86_400_001 };
      await store.create(next);
      expect(await store.find(old.batchId)).toBeUndefined();
      expect(await store.find(other.batchId)).toMatchObject({ status: "held" });
      expect(await store.find(next.batchId)).toMatchObject({ status: "held" });
    });

    it("registers a chunk, counts it, and turns taken names into errors of their line", async () => {
      const { store, registry } = open();
      const { batchId, productKey, lines } = await aBatch(3);
      const [one, two, three] = lines;
      if (!one || !two || !three) throw new Error("three lines were asked for");
      const taken = aDevice(productKey, { deviceName: two.deviceName ?? "" });
      await registry.insertDevices(productKey, [taken]);
      await store.claim("worker", LEASE_MS, 10);
      const devices = devicesOf(productKey, lines);
      expect(await store.commitChunk(batchId, "worker", LEASE_MS, devices)).toBe(true);
      expect(await store.find(batchId)).toMatchObject({
        status: "done",
        total: 3,
        done: 2,
        failed: 1,
        errors: [{ line: 2, deviceName: two.deviceName, code: "name_taken", message: expect.any(String) }],
      });
      expect((await registry.findCredentials(taken.device))?.iotId).toBe(taken.iotId);
      const exported = await registry.listSealedSecrets(productKey, { limit: 10, batchId });
      const mine = devices.filter(({ line }) => line !== 2);
      expect(new Set(exported.map(({ sealedSecret }) => sealedSecret))).toEqual(
        new Set(mine.map(({ sealedSecret }) => sealedSecret)),
      );
    });

    it("writes nothing for a worker that does not hold the batch", async () => {
      const { store, second, registry } = open();
      const { batchId, productKey, lines } = await aBatch(1);
      const [device] = devicesOf(productKey, lines);
      if (!device) throw new Error("one line was asked for");
      await store.claim("holder", LEASE_MS, 10);
      expect(await second.commitChunk(batchId, "other", LEASE_MS, [device])).toBe(false);
      expect(await registry.findDevice(device.device)).toBeUndefined();
      expect(await store.find(batchId)).toMatchObject({ done: 0, failed: 0 });
      await finish("holder");
    });

    it("gives a batch to another worker when the lease is over, and then writes nothing for the first", async () => {
      const { store, second, registry } = open();
      const { batchId, productKey, lines } = await aBatch(1);
      await store.claim("slow", 50, 10);
      await expect.poll(async () => (await second.claim("next", LEASE_MS, 10))?.batch.batchId).toBe(batchId);
      const [device] = devicesOf(productKey, lines);
      if (!device) throw new Error("one line was asked for");
      expect(await store.commitChunk(batchId, "slow", LEASE_MS, [device])).toBe(false);
      expect(await registry.findDevice(device.device)).toBeUndefined();
      await finish("next");
    });

    it("renews the lease with every chunk", async () => {
      const { store, second } = open();
      const { batchId, productKey, lines } = await aBatch(2);
      await store.claim("worker", 2_000, 10);
      await store.commitChunk(batchId, "worker", LEASE_MS, devicesOf(productKey, lines.slice(0, 1)));
      const waited = performance.now() + 2_200;
      await expect.poll(() => performance.now() > waited, { timeout: 5_000 }).toBe(true);
      expect(await second.claim("other", LEASE_MS, 10)).toBeUndefined();
      await finish("worker");
    });

    it("keeps the first 1000 errors by line, and counts all", async () => {
      const { store } = open();
      const errors = upTo(1_500).map((i) => ({ line: 1_500 - i, deviceName: "x", code: "invalid", message: "m" }));
      const { batchId } = await aBatch(0, { errors });
      const batch = await store.find(batchId);
      expect(batch).toMatchObject({ total: 1_500, failed: 1_500 });
      expect(batch?.errors.map(({ line }) => line)).toEqual(upTo(1_000).map((i) => i + 1));
    });
  });
}

function nameOf(productKey: ProductKey) {
  return aDeviceRef(productKey).deviceName;
}
