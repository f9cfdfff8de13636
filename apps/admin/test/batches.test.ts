import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openAdmin, problemOf, type TestAdmin } from "./an-admin.ts";

const CSV = { "content-type": "text/csv" };

describe("a batch", () => {
  let admin: TestAdmin;
  let productKey: string;
  beforeAll(async () => {
    admin = await openAdmin();
  });
  beforeEach(async () => {
    ({ productKey } = await admin.gateway.addProduct());
  });
  afterAll(() => admin[Symbol.asyncDispose]());
  const ask: TestAdmin["ask"] = (route, given) => admin.ask(route, given);
  const post = (body: object, headers = {}, query = "") =>
    ask(`POST /v1/products/${productKey}/batches${query}`, { body, headers });
  const postCsv = (raw: string, query = "") =>
    ask(`POST /v1/products/${productKey}/batches${query}`, { raw, headers: CSV });
  const show = async (batchId: unknown) => (await ask(`GET /v1/batches/${batchId}`)).body;
  const finish = async (made: { body: Readonly<Record<string, unknown>> }) => {
    await admin.workOff();
    return show(made.body["batchId"]);
  };
  const names = async () => {
    const { items } = (await ask(`GET /v1/products/${productKey}/devices?limit=1000`)).body as {
      items: { deviceName: string }[];
    };
    return items.map(({ deviceName }) => deviceName);
  };
  const certificates = async (batchId: unknown) =>
    (await ask(`GET /v1/batches/${batchId}/certificates.csv`)).text.split("\n");

  it("of a count registers devices with drawn names", async () => {
    const made = await post({ count: 12 });
    expect(made.status).toBe(202);
    expect(made.headers["location"]).toBe(`/v1/batches/${made.body["batchId"]}`);
    expect(await show(made.body["batchId"])).toMatchObject({
      status: "pending",
      productKey,
      total: 12,
      done: 0,
      failed: 0,
    });
    expect(await finish(made)).toMatchObject({ status: "done", total: 12, done: 12, failed: 0, errors: [] });
    expect(new Set(await names()).size).toBe(12);
  });

  it("of a count and a prefix numbers its devices", async () => {
    await finish(await post({ count: 3, prefix: "hall-" }));
    expect(await names()).toEqual(["hall-001", "hall-002", "hall-003"]);
  });

  it("of names registers what is good, and says line by line what is not", async () => {
    await ask(`POST /v1/products/${productKey}/devices`, { body: { deviceName: "taken1" } });
    const made = await post({ deviceNames: ["good1", "bad", "good1", "taken1", "x".repeat(100)] });
    expect(await finish(made)).toMatchObject({
      status: "done",
      total: 5,
      done: 1,
      failed: 4,
      errors: [
        { line: 2, deviceName: "bad", code: "name_invalid" },
        { line: 3, deviceName: "good1", code: "name_repeated", message: "line 1 names it already" },
        { line: 4, deviceName: "taken1", code: "name_taken" },
        { line: 5, deviceName: "x".repeat(64), code: "name_invalid" },
      ],
    });
    expect(await names()).toEqual(["good1", "taken1"]);
  });

  it("of CSV without a header is one name a line, by the lines of the file", async () => {
    const made = await postCsv('\ufeffdev1\r\n\r\n bad\r\n"dev2"\r\ndev1\r\n');
    expect(await finish(made)).toMatchObject({
      total: 4,
      done: 2,
      errors: [
        { line: 3, deviceName: "bad", code: "name_invalid" },
        { line: 5, deviceName: "dev1", code: "name_repeated" },
      ],
    });
    expect(await names()).toEqual(["dev1", "dev2"]);
  });

  it("of CSV with a header takes nicknames and tags, and draws the names that are empty", async () => {
    const made = await postCsv(
      '\ufeffNickname,DeviceName,tag.floor\n"Hall, 2nd ""door""",dev1,2\nRoof,,\nCellar,dev2\n',
    );
    expect(await finish(made)).toMatchObject({ total: 3, done: 3, errors: [] });
    const device = await ask(`GET /v1/products/${productKey}/devices/dev1`);
    expect(device.body).toMatchObject({ nickname: 'Hall, 2nd "door"', tags: { floor: "2" } });
    expect((await ask(`GET /v1/products/${productKey}/devices/dev2`)).body).toMatchObject({
      nickname: "Cellar",
      tags: {},
    });
    expect(await names()).toHaveLength(3);
  });

  it("of CSV says of each line that its nickname or its tags are too long", async () => {
    const long = "x".repeat(300);
    const made = await postCsv(
      `deviceName,nickname,tag.a,tag.${"k".repeat(65)}\ndev1,${long},,\ndev2,,${long},\ndev3,,,v\ndev4,n,a,\n`,
    );
    expect(await finish(made)).toMatchObject({
      done: 1,
      errors: [
        { line: 2, deviceName: "dev1", code: "nickname_invalid" },
        { line: 3, deviceName: "dev2", code: "tags_invalid" },
        { line: 4, deviceName: "dev3", code: "tags_invalid" },
      ],
    });
  });

  it.each([
    ["", "body"],
    ["\n\n", "no device"],
    ["deviceName\n", "no device"],
    ['dev1\n"dev2', "CSV"],
    ["dev1\ndev2,hall", "line 2"],
    ["name,nickname\ndev1,hall", "line 1"],
    ["deviceName,nicknam\ndev1,hall", "nicknam"],
    ["deviceName,nickname,Nickname\ndev1,a,b", "twice"],
    ["deviceName,tag.\ndev1,a", "tag."],
    ["dev1\nd\0v2", "NUL"],
  ])("of CSV that cannot be meant is refused as a whole: %j", async (text, say) => {
    const problem = problemOf(await postCsv(text), 400);
    expect(problem["code"]).toBe("invalid");
    expect(problem["detail"]).toContain(say);
  });

  it.each([
    [{}, "count"],
    [{ count: 0 }, "count"],
    [{ count: 100_001 }, "count"],
    [{ count: 1.5 }, "count"],
    [{ count: "3" }, "count"],
    [{ count: 1e300 }, "count"],
    [{ count: 3, prefix: "" }, "prefix"],
    [{ count: 3, prefix: "a/b" }, "prefix"],
    [{ count: 3, prefx: "a" }, "prefx"],
    [{ deviceNames: [] }, "deviceNames"],
    [{ deviceNames: ["dev1", 2] }, "deviceNames.1"],
    [{ deviceNames: "dev1" }, "deviceNames"],
    [[], "body"],
  ])("is refused with %j, by the name of the field", async (body, field) => {
    expect(problemOf(await post(body), 400)).toMatchObject({ code: "invalid", field });
  });

  it("takes no text in place of JSON, and no other type", async () => {
    const route = `POST /v1/products/${productKey}/batches`;
    expect(problemOf(await ask(route, { raw: '"dev1"' }), 400)).toMatchObject({ field: "body" });
    problemOf(await ask(route, { raw: "dev1", headers: { "content-type": "text/plain" } }), 415);
    problemOf(await ask(route), 400);
    expect(problemOf(await ask(`${route}?dryRun=1`, { body: { count: 1 } }), 400)).toMatchObject({ field: "dryRun" });
    expect(problemOf(await ask(`${route}?dryrun=true`, { body: { count: 1 } }), 400)).toMatchObject({
      field: "dryrun",
    });
  });

  it("with the same idempotency key is the same batch, and another request is a conflict", async () => {
    const key = { "idempotency-key": "order-17" };
    const made = await post({ count: 2 }, key);
    const again = await post({ count: 2 }, key);
    expect(again).toMatchObject({ status: 202, body: made.body });
    expect(problemOf(await post({ count: 3 }, key), 409)).toMatchObject({
      code: "idempotency_conflict",
      field: "Idempotency-Key",
    });
    await finish(made);
    expect(await names()).toHaveLength(2);
    problemOf(await post({ count: 2 }, { "idempotency-key": "x".repeat(129) }), 400);
  });

  it("that is a dry run finds every fault and stores nothing", async () => {
    await ask(`POST /v1/products/${productKey}/devices`, { body: { deviceName: "taken1" } });
    const checked = await post({ deviceNames: ["good1", "bad", "taken1", "good1"] }, {}, "?dryRun=true");
    expect(checked).toMatchObject({
      status: 200,
      body: {
        total: 4,
        failed: 3,
        errors: [
          { line: 2, code: "name_invalid" },
          { line: 3, code: "name_taken" },
          { line: 4, code: "name_repeated" },
        ],
      },
    });
    expect(checked.body).not.toHaveProperty("batchId");
    expect(await postCsv("dev1\ndev2\n", "?dryRun=true")).toMatchObject({ status: 200, body: { total: 2, failed: 0 } });
    await admin.workOff();
    expect(await names()).toEqual(["taken1"]);
  });

  it("gives its certificates out when it is done, audited before the first", async () => {
    const made = await post({ deviceNames: ["dev1", "dev2", "dev3"] });
    const batchId = made.body["batchId"];
    expect(problemOf(await ask(`GET /v1/batches/${batchId}/certificates.csv`), 409)).toMatchObject({
      code: "batch_not_done",
    });
    await finish(made);
    const answer = await ask(`GET /v1/batches/${batchId}/certificates.csv`);
    expect(answer).toMatchObject({ status: 200, type: "text/csv; charset=utf-8" });
    expect(answer.headers).toMatchObject({
      "cache-control": "no-store",
      "content-disposition": `attachment; filename="certificates-${batchId}.csv"`,
    });
    const [header, ...rows] = answer.text.trimEnd().split("\n");
    expect(header).toBe("ProductKey,DeviceName,DeviceSecret");
    for (const [at, row] of rows.entries()) {
      const [pk, deviceName, secret] = row.split(",");
      expect([pk, deviceName]).toEqual([productKey, `dev${at + 1}`]);
      const one = await ask(`GET /v1/products/${productKey}/devices/${deviceName}/certificate`);
      expect(one.body["deviceSecret"]).toBe(secret);
    }
    expect((await ask(`GET /v1/audit?target=${batchId}`)).body).toMatchObject({
      items: [
        { action: "certificate.export", detail: { count: 3 } },
        { action: "batch.create", detail: { total: 3 } },
      ],
    });
  });

  it("gives no certificate out while the audit log is down", async () => {
    const made = await post({ count: 2 });
    await finish(made);
    const { audit } = admin.gateway.ports;
    const record = audit.record;
    audit.record = () => Promise.reject(new Error("no room"));
    const refused = await ask(`GET /v1/batches/${made.body["batchId"]}/certificates.csv`);
    audit.record = record;
    expect(problemOf(refused, 503)).toMatchObject({ code: "unavailable" });
    expect(refused.text).not.toContain(productKey);
  });

  it("that is not there is 404", async () => {
    expect(problemOf(await ask("GET /v1/batches/none"), 404)).toMatchObject({ code: "batch_not_found" });
    expect(problemOf(await ask("GET /v1/batches/none/certificates.csv"), 404)).toMatchObject({
      code: "batch_not_found",
    });
  });

  it("of 100 000 devices is taken at once and done by and by, in sight", async () => {
    const lines = Array.from({ length: 100_000 }, (_, at) => `sensor-${String(at).padStart(6, "0")}`);
    lines[41_999] = "bad name";
    const made = await postCsv(lines.join("\n"));
    expect(made.status).toBe(202);
    const batchId = made.body["batchId"];
    const seen: unknown[] = [];
    while (await admin.gateway.operators.batches.work(new AbortController().signal))
      seen.push((await show(batchId))["done"]);
    expect(seen.length).toBeGreaterThan(10);
    expect(seen).toEqual(seen.toSorted((a, b) => Number(a) - Number(b)));
    expect(await show(batchId)).toMatchObject({
      status: "done",
      total: 100_000,
      done: 99_999,
      failed: 1,
      errors: [{ line: 42_000, deviceName: "bad name", code: "name_invalid" }],
    });
    expect(problemOf(await postCsv(`${lines.join("\n")}\none-more`), 400)["detail"]).toContain("100001");
  });

  it("of 3000 devices gives every certificate out once", async () => {
    const made = await post({ count: 3_000 });
    await finish(made);
    const rows = (await certificates(made.body["batchId"])).slice(1, -1);
    expect(rows).toHaveLength(3_000);
    expect(new Set(rows.map((row) => row.split(",")[2])).size).toBe(3_000);
  });
});
