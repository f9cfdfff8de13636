import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "./a-gateway.ts";

interface Package {
  readonly batchId: string;
  readonly packageId: string;
}

describe("certificates go to the factory", () => {
  let gateway: TestGateway;
  let productKey: string;
  let recipient: string;
  let made: Package;
  const file = (name: string) => join(gateway.folder, name);
  /** The factory's side: no key of the gateway, and no address. */
  const burn = (...args: string[]) => gateway.run(["burn", ...args], { TRINE_ADMIN_PORT: "1" });
  const onPackage = (command: string, ...args: string[]) =>
    burn(command, file("batch.age"), "-i", file("factory.key"), ...args);

  beforeAll(async () => {
    gateway = await startGateway();
    ({ productKey } = await gateway.json<{ productKey: string }>("products", "create", "lamp"));
    const { batchId } = await gateway.json<Package>(
      "certificates",
      ...["batch", productKey, "--count", "5", "--prefix", "lamp-", "--out", file("clear.csv")],
    );
    const { out } = await burn("keygen", "--out", file("factory.key"), "--json");
    ({ recipient } = JSON.parse(out) as { recipient: string });
    made = await gateway.json<Package>(
      "packages",
      "make",
      batchId,
      "--recipient",
      recipient,
      "--out",
      file("batch.age"),
    );
  }, 90_000);
  afterAll(() => gateway?.dispose());

  const triples = () => readFileSync(file("clear.csv"), "utf8").trimEnd().split("\n").slice(1);

  it("encrypted, for the owner's eyes only", () => {
    const bytes = readFileSync(file("batch.age"));
    expect(bytes.toString("latin1")).toMatch(/^age-encryption\.org\/v1\n/);
    for (const triple of triples()) expect(bytes.includes(String(triple.split(",")[2]))).toBe(false);
    for (const name of ["batch.age", "factory.key"]) expect(statSync(file(name)).mode & 0o777).toBe(0o600);
  });

  it("once: a second package of the same devices is refused, and leaves no file", async () => {
    const again = await gateway.run([
      "packages",
      "make",
      made.batchId,
      "--recipient",
      recipient,
      "--out",
      file("two.age"),
    ]);
    expect(again).toMatchObject({ code: 1, err: expect.stringContaining("batch_packed") });
    expect(() => statSync(file("two.age"))).toThrow("ENOENT");
  });

  it("and out of the package in every form, each once", async () => {
    const json = await onPackage("next", "--label", "serial 1");
    const header = await onPackage("next", "--format", "c-header");
    const nvs = await onPackage("next", "--format", "esp-nvs", "--out", file("nvs.csv"));
    const csv = await onPackage("next", "--format", "csv", "--count", "1");
    for (const { code, err } of [json, header, nvs, csv]) expect({ code, err }).toEqual({ code: 0, err: "" });
    const [one, two, three, four] = triples().map((line) => line.split(","));
    expect(Object.values(JSON.parse(json.out))).toEqual(one);
    expect(header.out).toBe(
      `#define PRODUCT_KEY "${two?.[0]}"\n#define DEVICE_NAME "${two?.[1]}"\n#define DEVICE_SECRET "${two?.[2]}"\n`,
    );
    expect(readFileSync(file("nvs.csv"), "utf8")).toContain(
      `aliyun-key,namespace,,\nDeviceName,data,string,${three?.[1]}\n`,
    );
    expect(csv.out).toBe(`ProductKey,DeviceName,DeviceSecret\n${four?.join(",")}\n`);
    const two_left = await onPackage("next", "--format", "csv", "--count", "2");
    expect(two_left).toMatchObject({ code: 1, out: "", err: expect.stringContaining("only 1 left") });
    expect(JSON.parse((await onPackage("status", "--json")).out)).toMatchObject({ total: 5, handedOut: 4, left: 1 });
  });

  it("and a receipt comes back that marks them as burned, after which the rest is voided", async () => {
    expect((await onPackage("spoil", "lamp-002")).code).toBe(0);
    expect((await onPackage("receipt", "--out", file("receipt.txt"))).code).toBe(0);
    const noted = await gateway.json("packages", "receipt", made.batchId, made.packageId, file("receipt.txt"));
    expect(noted).toMatchObject({ count: 5, burned: 3, marked: 3, strangers: 0 });
    const voided = await gateway.json("packages", "void", made.batchId, made.packageId);
    expect(voided).toMatchObject({ status: "voided", count: 3, burned: 3 });
    const next = await gateway.json(
      "packages",
      "make",
      made.batchId,
      "--recipient",
      recipient,
      "--out",
      file("rest.age"),
    );
    const [item] = (await gateway.json<{ packageId: string; count: number }[]>("packages", "list", made.batchId)).slice(
      -1,
    );
    expect(item).toMatchObject({ packageId: next["packageId"], count: 2 });
  });

  it("and nobody without the key opens it", async () => {
    await burn("keygen", "--out", file("other.key"));
    const { code, out, err } = await burn("status", file("batch.age"), "-i", file("other.key"));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toMatch(/^trine: cannot open .*other\.key/);
    writeFileSync(file("no.key"), "nothing\n");
    expect((await burn("status", file("batch.age"), "-i", file("no.key"))).err).toContain("AGE-SECRET-KEY-");
  });
});
