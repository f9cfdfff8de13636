import { beforeEach, describe, expect, it } from "vitest";
import { aNode, must, NOW_MS, type Node, OPERATOR } from "../../test/a-node.ts";
import { type ProductKey, parseDeviceName, parseProductKey } from "../certificate/index.ts";
import type { BatchRequest, DeviceCertificate } from "./contracts.ts";

let node: Node;
let productKey: ProductKey;

beforeEach(async () => {
  node = await aNode();
  productKey = must(await node.operators.products.create(OPERATOR, { name: "lamp" })).product.productKey;
});

const GO_ON = new AbortController().signal;
const NOBODY = parseProductKey("nobody") as ProductKey;

function asked(names: readonly (string | undefined)[], given: Partial<BatchRequest> = {}): BatchRequest {
  const lines = names.map((deviceName, at) => ({ line: at + 1, ...(deviceName === undefined ? {} : { deviceName }) }));
  return { lines, fingerprint: "f", ...given };
}

const numbered = (count: number) => Array.from({ length: count }, (_, at) => `device_${String(at).padStart(5, "0")}`);

const create = async (request: BatchRequest) =>
  must(await node.operators.batches.create(OPERATOR, productKey, request)).batchId;

/** Works until nothing waits. @returns how many chunks there were. */
async function finish(by = node): Promise<number> {
  let chunks = 0;
  while (await by.operators.batches.work(GO_ON)) chunks += 1;
  return chunks;
}

const find = async (batchId: string) => must(await node.operators.batches.find(batchId));

async function certificatesOf(batchId: string): Promise<readonly DeviceCertificate[]> {
  const certificates: DeviceCertificate[] = [];
  for await (const each of must(await node.operators.batches.certificates(OPERATOR, batchId))) certificates.push(each);
  return certificates;
}

async function audited(action: string) {
  return (await node.operators.audit.list({ action }, { limit: 100 })).items;
}

describe("a batch", () => {
  it("registers what it was asked for, a thousand devices at a time, and counts them", async () => {
    const batchId = await create(asked(numbered(2_500)));
    expect(await find(batchId)).toMatchObject({ status: "pending", total: 2_500, done: 0, failed: 0 });
    expect(await node.operators.batches.work(GO_ON)).toBe(true);
    expect(await find(batchId)).toMatchObject({ status: "running", done: 1_000 });
    expect(await finish()).toBe(2);
    expect(await find(batchId)).toMatchObject({ status: "done", total: 2_500, done: 2_500, failed: 0, errors: [] });
    expect(await node.operators.batches.work(GO_ON)).toBe(false);
  });

  it("draws a name for each line without one, and no two alike", async () => {
    const batchId = await create(asked(Array.from({ length: 300 }, () => undefined)));
    await finish();
    const names = (await certificatesOf(batchId)).map(({ deviceName }) => deviceName);
    expect(new Set(names).size).toBe(300);
  });

  it("keeps nickname and tags of its lines", async () => {
    const lines = [{ line: 1, deviceName: "lamp_1", nickname: "hall", tags: { floor: "1" } }];
    await create({ lines, fingerprint: "f" });
    await finish();
    const { items } = must(await node.operators.devices.list(productKey, {}, { limit: 10 }));
    expect(items).toMatchObject([{ nickname: "hall", tags: { floor: "1" }, createdAtMs: NOW_MS }]);
  });

  it("tells what it could not register by line, and registers the rest", async () => {
    must(await node.operators.devices.add(OPERATOR, productKey, { deviceName: "taken" }));
    const batchId = await create(asked(["lamp_1", "no", "taken", "lamp_1", "lamp_2"]));
    await finish();
    const batch = await find(batchId);
    expect(batch).toMatchObject({ status: "done", total: 5, done: 2, failed: 3 });
    expect(batch.errors.map(({ line, deviceName, code }) => [line, deviceName, code])).toEqual([
      [2, "no", "name_invalid"],
      [3, "taken", "name_taken"],
      [4, "lamp_1", "name_repeated"],
    ]);
  });

  it("is gone on with by another process when its worker died", async () => {
    const batchId = await create(asked(numbered(2_000)));
    await node.operators.batches.work(GO_ON);
    const heir = await aNode({ fleet: node.fleet, nodeId: "node-2" });
    expect(await heir.operators.batches.work(GO_ON)).toBe(false);
    node.fleet.clock.pass(30_001);
    expect(await finish(heir)).toBe(1);
    expect(await find(batchId)).toMatchObject({ status: "done", done: 2_000, failed: 0 });
  });

  it("is not lost when a chunk fails, and nothing of the chunk is left", async () => {
    const batchId = await create(asked(numbered(10)));
    const batches = { ...node.fleet.ports.batches, commitChunk: () => Promise.reject(new Error("database is down")) };
    const broken = await aNode({ fleet: node.fleet, nodeId: "node-2", given: { batches } });
    await expect(broken.operators.batches.work(GO_ON)).rejects.toThrow("database is down");
    expect(await find(batchId)).toMatchObject({ done: 0, failed: 0 });
    node.fleet.clock.pass(30_001);
    await finish();
    expect(await find(batchId)).toMatchObject({ status: "done", done: 10 });
  });

  it("is not begun once the work is to stop", async () => {
    const batchId = await create(asked(["lamp_1"]));
    expect(await node.operators.batches.work(AbortSignal.abort())).toBe(false);
    expect(await find(batchId)).toMatchObject({ status: "pending" });
  });

  it("is the same one for the same idempotency key, and a problem for another request with it", async () => {
    const request = asked(["lamp_1"], { idempotencyKey: "k" });
    const batchId = await create(request);
    expect(await create(request)).toBe(batchId);
    const other = asked(["lamp_2"], { idempotencyKey: "k", fingerprint: "g" });
    expect(await node.operators.batches.create(OPERATOR, productKey, other)).toMatchObject({
      code: "idempotency_conflict",
    });
    expect(await audited("batch.create")).toHaveLength(1);
  });

  it("has at least one line and at most 100 000, and a product", async () => {
    const { batches } = node.operators;
    const tooMany = asked(Array.from({ length: 100_001 }, () => undefined));
    expect(await batches.create(OPERATOR, productKey, tooMany)).toMatchObject({ code: "invalid" });
    expect(await batches.create(OPERATOR, productKey, asked([]))).toMatchObject({ code: "invalid" });
    expect(await batches.create(OPERATOR, NOBODY, asked(["lamp_1"]))).toMatchObject({ code: "product_not_found" });
    expect(await batches.find("nobody")).toMatchObject({ code: "batch_not_found" });
  });

  it("announces no device by itself", async () => {
    await create(asked(["lamp_1"]));
    await finish();
    const read = { consumer: "look", count: 10, nowMs: NOW_MS };
    expect(await node.operators.uplinkLog.read("look", read)).toEqual([]);
  });
});

describe("the check of a batch", () => {
  it("finds what would fail, the names that are taken too, and stores nothing", async () => {
    must(await node.operators.devices.add(OPERATOR, productKey, { deviceName: "lamp_77" }));
    const names = Array.from({ length: 120 }, (_, at) => `lamp_${at}`);
    const checked = must(await node.operators.batches.check(productKey, asked([...names, "no", "lamp_0", undefined])));
    expect(checked).toMatchObject({ total: 123, failed: 3 });
    expect(checked.errors.map(({ line, code }) => [line, code])).toEqual([
      [78, "name_taken"],
      [121, "name_invalid"],
      [122, "name_repeated"],
    ]);
    expect(await node.operators.batches.work(GO_ON)).toBe(false);
    expect(await audited("batch.create")).toEqual([]);
  });

  it("counts all errors and shows the first thousand", async () => {
    const checked = must(
      await node.operators.batches.check(productKey, asked(Array.from({ length: 1_500 }, () => "no"))),
    );
    expect(checked.failed).toBe(1_500);
    expect(checked.errors).toHaveLength(1_000);
  });

  it("needs a product", async () => {
    const checked = await node.operators.batches.check(NOBODY, asked(["lamp_1"]));
    expect(checked).toMatchObject({ code: "product_not_found" });
  });
});

describe("the certificates of a batch", () => {
  it("are those of its own devices, in the order of names, each secret its own", async () => {
    must(await node.operators.devices.add(OPERATOR, productKey, { deviceName: "stranger" }));
    const names = numbered(2_100).toReversed();
    const batchId = await create(asked(names));
    await finish();
    const certificates = await certificatesOf(batchId);
    expect(certificates.map(({ deviceName }) => deviceName)).toEqual(names.toReversed());
    expect(new Set(certificates.map(({ deviceSecret }) => deviceSecret.reveal())).size).toBe(2_100);
    const deviceName = parseDeviceName("device_00007");
    if (!deviceName) throw new Error("a name of the batch");
    const one = must(await node.operators.devices.certificate(OPERATOR, { productKey, deviceName }));
    expect(certificates[7]?.deviceSecret.reveal()).toBe(one.deviceSecret.reveal());
  });

  it("are handed out when the batch is done, and audited once, before the first", async () => {
    const { batches } = node.operators;
    const batchId = await create(asked(["lamp_1"]));
    expect(await batches.certificates(OPERATOR, batchId)).toMatchObject({ code: "batch_not_done" });
    expect(await batches.certificates(OPERATOR, "nobody")).toMatchObject({ code: "batch_not_found" });
    expect(await audited("certificate.export")).toEqual([]);
    await finish();
    must(await batches.certificates(OPERATOR, batchId));
    expect(await audited("certificate.export")).toMatchObject([
      { target: batchId, actor: "alice", detail: { count: 1 } },
    ]);
  });
});
