import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Run, runCli, startGateway, type TestGateway } from "./a-gateway.ts";

/** One line that says what is wrong, nothing on the output, exit code 1. */
function expectOneLine({ code, out, err }: Run, say: RegExp): void {
  expect(err).toMatch(say);
  expect(err.trimEnd().split("\n")).toHaveLength(1);
  expect({ code, out }).toEqual({ code: 1, out: "" });
}

describe("the command line", () => {
  let gateway: TestGateway;
  let productKey: string;
  beforeAll(async () => {
    gateway = await startGateway();
    productKey = (await gateway.json<{ productKey: string }>("products", "create", "thermometer")).productKey;
  }, 90_000);
  afterAll(() => gateway?.dispose());
  const fileIn = (name: string, text?: string) => {
    const file = join(gateway.folder, name);
    if (text !== undefined) writeFileSync(file, text);
    return file;
  };

  it("explains itself", async () => {
    const { code, out } = await gateway.run(["--help"]);
    expect(code).toBe(0);
    for (const word of [
      "products",
      "devices",
      "certificates",
      "messages",
      "backup",
      "restore",
      "--url",
      "--key",
      "--json",
    ])
      expect(out).toContain(word);
    expect((await gateway.run(["certificates", "batch", "--help"])).out).toContain("--csv <file>");
    const unknown = await gateway.run(["product"]);
    expect(unknown).toMatchObject({ code: 1, err: expect.stringContaining("unknown command 'product'") });
  });

  it("creates, lists, shows and deletes products", async () => {
    const made = await gateway.json("products", "create", "router", "--gateway");
    expect(made).toMatchObject({ name: "router", nodeType: "gateway", productSecret: expect.any(String) });
    const key = String(made["productKey"]);
    expect(await gateway.json<object[]>("products", "list")).toContainEqual(
      expect.objectContaining({ productKey: key }),
    );
    const shown = await gateway.run(["products", "show", key]);
    expect(shown.out).toMatch(new RegExp(`^productKey +${key}$`, "m"));
    expect((await gateway.run(["products", "list"])).out).toContain("router");
    expect(await gateway.json("products", "delete", key)).toEqual({ deleted: key });
    expectOneLine(await gateway.run(["products", "show", key]), /^trine: There is no such product/);
  });

  it("makes API keys that may do what they are for, rotates and revokes them", async () => {
    const made = await gateway.json<{ keyId: string; key: string }>(
      ...["api-keys", "create", "dashboard", "--role", "viewer", "--product", productKey, "--expires-days", "30"],
    );
    expect(made).toMatchObject({ key: expect.stringMatching(/^trine_/), role: "viewer", products: [productKey] });
    const { keyId } = made;
    const as = (key: string, ...args: string[]) => gateway.run([...args, "--url", gateway.url, "--key", key], {});
    expect((await as(made.key, "api-keys", "whoami")).out).toMatch(/^role +viewer$/m);
    expect((await as(made.key, "products", "list")).out).toContain(productKey);
    expectOneLine(await as(made.key, "products", "create", "more"), /it needs the role operator.*\(role_too_low\)/);
    const rotated = await gateway.json<{ key: string }>("api-keys", "rotate", keyId, "--grace", "0");
    expectOneLine(await as(made.key, "products", "list"), /The API key is wrong.*\(key_wrong\)/);
    expect((await as(rotated.key, "products", "list")).code).toBe(0);
    expect((await gateway.run(["api-keys", "list"])).out).toContain("dashboard");
    expect((await gateway.run(["api-keys", "show", keyId])).out).toMatch(/^name +dashboard$/m);
    expect(await gateway.json("api-keys", "revoke", keyId)).toEqual({ revoked: keyId, closedSessions: 0 });
    expectOneLine(await as(rotated.key, "products", "list"), /\(key_wrong\)/);
  });

  it("makes access keys, lists and revokes them", async () => {
    const made = await gateway.json<{ accessKeyId: string; accessKeySecret: string }>(
      ...["access-keys", "create", "shop", "--role", "operator", "--product", productKey],
    );
    expect(made).toMatchObject({ name: "shop", role: "operator", products: [productKey] });
    expect(made.accessKeySecret).toMatch(/^[A-Za-z0-9]{30}$/);
    const listed = await gateway.run(["access-keys", "list"]);
    expect(listed.out).toContain(made.accessKeyId);
    expect(listed.out).not.toContain(made.accessKeySecret);
    expect(await gateway.json("access-keys", "revoke", made.accessKeyId)).toEqual({ revoked: made.accessKeyId });
    expectOneLine(await gateway.run(["access-keys", "revoke", made.accessKeyId]), /\(access_key_not_found\)/);
  });

  it("adds devices, shows their certificates, disables and deletes them", async () => {
    const added = await gateway.json("devices", "add", productKey, "dev1", "--nickname", "hall");
    expect(added).toMatchObject({ deviceName: "dev1", nickname: "hall", status: "UNACTIVE" });
    const { deviceSecret } = added;
    expect(await gateway.json("certificates", "show", productKey, "dev1")).toEqual({
      productKey,
      deviceName: "dev1",
      deviceSecret,
    });
    expect((await gateway.run(["devices", "show", productKey, "dev1"])).out).not.toContain(deviceSecret);
    expect(await gateway.json("devices", "disable", productKey, "dev1")).toMatchObject({ nodes: 1 });
    expect(await gateway.json("devices", "list", productKey, "--status", "DISABLE")).toMatchObject([
      { deviceName: "dev1" },
    ]);
    expect(await gateway.json("devices", "enable", productKey, "dev1")).toMatchObject({ nodes: 1 });
    expect(await gateway.json("devices", "kick", productKey, "dev1")).toMatchObject({ closedSessions: 0 });
    const rotated = await gateway.json("devices", "rotate", productKey, "dev1", "--grace", "60");
    expect(rotated).toMatchObject({ deviceName: "dev1", nodes: 1, graceEndsAt: expect.any(String) });
    expect(rotated.deviceSecret).not.toBe(deviceSecret);
    await expect
      .poll(async () => (await gateway.run(["devices", "timeline", productKey, "dev1"])).out, { timeout: 10_000 })
      .toMatch(/rotation_begun.+actor=admin/);
    expect(await gateway.json("devices", "timeline", productKey, "dev1", "--limit", "1")).toHaveLength(1);
    expectOneLine(
      await gateway.run(["devices", "add", productKey, "dev1"]),
      /^trine: The device name is taken.*\(name_taken\)$/m,
    );
    expectOneLine(await gateway.run(["devices", "add", productKey, "x"]), /deviceName: 4 to 32/);
    expect(await gateway.json("devices", "delete", productKey, "dev1")).toMatchObject({ nodes: 1 });
    expectOneLine(await gateway.run(["devices", "show", productKey, "dev1"]), /device_not_found/);
  });

  it("registers many devices by count, lists them over pages, and gives their certificates out again", async () => {
    const { productKey: own } = await gateway.json<{ productKey: string }>("products", "create", "many");
    const out = fileIn("count.csv");
    const done = await gateway.json("certificates", "batch", own, "--count", "1200", "--prefix", "hall-", "--out", out);
    expect(done).toMatchObject({ registered: 1_200, failed: 0, errors: [], certificates: out });
    const rows = readFileSync(out, "utf8").trimEnd().split("\n");
    expect(rows).toHaveLength(1_201);
    expect(rows[1]).toMatch(new RegExp(`^${own},hall-0001,[A-Za-z0-9]{32}$`));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(await gateway.json<object[]>("devices", "list", own, "--limit", "1100")).toHaveLength(1_100);
    const few = await gateway.run(["devices", "list", own, "--prefix", "hall-00", "--limit", "2"]);
    expect(few.out).toContain("hall-0002");
    expect(few.out).toContain("there are more");
    const again = fileIn("again.csv");
    await gateway.json("certificates", "export", String(done["batchId"]), "--out", again);
    expect(readFileSync(again, "utf8")).toBe(readFileSync(out, "utf8"));
  });

  it("registers devices from CSV, and says which lines are wrong", async () => {
    const csv = fileIn("names.csv", "deviceName,nickname,tag.floor\ncsv-1,Hall,2\nbad name,,\ncsv-2,,\n");
    const dry = await gateway.run(["certificates", "batch", productKey, "--csv", csv, "--dry-run"]);
    expect(dry).toMatchObject({ code: 1, err: expect.stringMatching(/^line 3: bad name: .*\(name_invalid\)\n$/) });
    expect(dry.out).toMatch(/^failed +1$/m);
    const out = fileIn("csv-out.csv");
    const run = await gateway.run(["certificates", "batch", productKey, "--csv", csv, "--out", out, "--json"]);
    expect(run.code).toBe(1);
    expect(JSON.parse(run.out)).toMatchObject({ registered: 2, failed: 1, errors: [{ line: 3 }] });
    expect(readFileSync(out, "utf8").split("\n")).toHaveLength(4);
    expect(await gateway.json("devices", "show", productKey, "csv-1")).toMatchObject({
      nickname: "Hall",
      tags: { floor: "2" },
    });
  });

  it("registers nothing that has nowhere to go or nothing to say", async () => {
    const batch = (...args: string[]) => gateway.run(["certificates", "batch", productKey, ...args]);
    const taken = fileIn("taken.csv", "mine");
    expectOneLine(await batch("--count", "1", "--out", taken), /^trine: cannot write .*taken\.csv.*EEXIST/);
    expect(readFileSync(taken, "utf8")).toBe("mine");
    expectOneLine(await batch("--count", "1", "--out", fileIn("no/such/folder.csv")), /cannot write .*ENOENT/);
    expectOneLine(await batch("--count", "1"), /give --out/);
    expectOneLine(await batch("--out", fileIn("a.csv")), /give either --count or --csv/);
    expectOneLine(await batch("--csv", fileIn("none.csv"), "--out", fileIn("a.csv")), /cannot read .*none\.csv/);
    expectOneLine(await batch("--count", "0", "--out", fileIn("a.csv")), /count/);
    expect(await batch("--count", "ten", "--out", fileIn("a.csv"))).toMatchObject({
      code: 1,
      err: expect.stringContaining("whole number"),
    });
    expect(() => statSync(fileIn("a.csv"))).toThrow("ENOENT");
  });

  it("sends messages to devices, and reads what they sent", async () => {
    await gateway.json("devices", "add", productKey, "msg-1");
    const sent = await gateway.json("messages", "send", productKey, "msg-1", "user/get", "hello");
    expect(sent).toMatchObject({ state: "queued" });
    const status = await gateway.json("messages", "status", productKey, "msg-1", String(sent["messageId"]));
    expect(status).toMatchObject({ topic: `/${productKey}/msg-1/user/get`, state: "queued", qos: 1 });
    const lost = await gateway.json(
      "messages",
      "send",
      productKey,
      "msg-1",
      "user/get",
      "aGVsbG8=",
      "--base64",
      "--qos",
      "0",
      "--ttl",
      "60",
    );
    expect(lost).toMatchObject({ state: "expired" });
    const report = ["messages", "send", productKey, "msg-1", "user/get", "x", "--report"];
    expect(await gateway.json(...report)).toMatchObject({ state: "queued" });
    expectOneLine(await gateway.run([...report, "--qos", "0"]), /report/);
    expectOneLine(
      await gateway.run(["messages", "send", productKey, "msg-1", "user/other", "x"]),
      /may not use this topic/,
    );
    // Every device that was added is an event in the uplink log.
    const read = await gateway.run(["messages", "read", "--product", productKey, "--json"]);
    expect(
      read.out
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line) as object),
    ).toContainEqual(expect.objectContaining({ deviceName: "msg-1", topic: `/${productKey}/msg-1/thing/lifecycle` }));
    expect(await gateway.run(["messages", "read", "--product", productKey])).toEqual({ code: 0, out: "", err: "" });
    expectOneLine(await gateway.run(["messages", "read"]), /group_filter_differs/);
  });

  it("shows, sets and clears the shadow of a device", async () => {
    await gateway.json("devices", "add", productKey, "shadow-1");
    const shadow = (command: string, ...args: string[]) => ["shadow", command, productKey, "shadow-1", ...args];
    const empty = { version: 0, state: { reported: {}, desired: {} } };
    expect(await gateway.json(...shadow("get"))).toMatchObject(empty);
    await gateway.json(...shadow("set", '{"color":"green","on":true}'));
    const changed = await gateway.json(...shadow("set", '{"color":null,"at":{"x":1}}', "--version", "7"));
    expect(changed).toMatchObject({ version: 7, state: { desired: { on: true, at: { x: 1 } } } });
    expect(await gateway.json(...shadow("set", '{"on":false}', "--replace"))).toMatchObject({
      version: 8,
      state: { reported: {}, desired: { on: false } },
    });
    expectOneLine(await gateway.run(shadow("set", '{"on":true}', "--version", "8")), /\(version_conflict\)/);
    expectOneLine(await gateway.run(shadow("set", "{on:true}")), /is no JSON/);
    expectOneLine(await gateway.run(shadow("set", "7")), /desired/);
    expect(await gateway.json(...shadow("clear"))).toMatchObject({ version: 9, state: { desired: {} } });
    expect(await gateway.json(...shadow("clear", "--all"))).toMatchObject(empty);
  });

  it("imports and exports the thing model of a product, and says what becomes of values", async () => {
    const model = { properties: [{ identifier: "Temp", dataType: { type: "int" } }] };
    const file = fileIn("model.json", JSON.stringify(model));
    expectOneLine(await gateway.run(["model", "export", productKey]), /model_not_found/);
    expect(await gateway.json("model", "import", productKey, file)).toEqual({ version: 1 });
    expect(await gateway.json("model", "export", productKey)).toEqual(model);
    expect(await gateway.json("model", "options", productKey)).toEqual({ validate: "report", historyDays: 0 });
    const changed = await gateway.json("model", "options", productKey, "--validate", "enforce", "--history-days", "7");
    expect(changed).toEqual({ validate: "enforce", historyDays: 7 });
    expectOneLine(
      await gateway.run(["model", "import", productKey, fileIn("bad.json", '{"properties":7}')]),
      /properties/,
    );
    expectOneLine(await gateway.run(["model", "import", productKey, fileIn("worse.json", "{")]), /worse\.json/);
  });

  it("finds the key in the file that the gateway keeps it in", async () => {
    const folder = await makeTempFolder("cli-key");
    writeFileSync(join(folder.path, "admin-key"), `${gateway.key}\n`);
    const environment = { TRINE_DATA_DIR: folder.path, TRINE_ADMIN_KEY: "" };
    expect((await gateway.run(["products", "list", "--url", gateway.url], environment)).code).toBe(0);
    const byFile = { TRINE_ADMIN_KEY_FILE: join(folder.path, "admin-key") };
    expect((await gateway.run(["products", "list", "--url", gateway.url], byFile)).code).toBe(0);
    await folder.remove();
  });

  it("says in one line that the key is wrong, missing or no key", async () => {
    expectOneLine(
      await gateway.run(["products", "list", "--key", "wrong"]),
      /^trine: The API key is wrong: .*\(key_wrong\)$/m,
    );
    expectOneLine(await gateway.run(["products", "list", "--key", "schlüssel"]), /holds characters that no key has/);
    expectOneLine(await gateway.run(["products", "list"], {}), /^trine: no API key: there is no data\/admin-key/);
  });
});

it("a gateway that is not there, or no address, is said in one line", async () => {
  const run = (...args: string[]) => runCli(["products", "list", "--key", "k", ...args], { cwd: "/", environment: {} });
  expectOneLine(
    await run("--url", "http://127.0.0.1:1"),
    /^trine: cannot reach the gateway at http:\/\/127\.0\.0\.1:1/,
  );
  expectOneLine(await run("--url", "localhost"), /^trine: localhost is no address/);
  expectOneLine(await run("--url", "ftp://localhost"), /is no address/);
});
