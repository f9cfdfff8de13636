import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startGateway, type TestGateway } from "./a-gateway.ts";

describe("the command line and devices that register themselves", () => {
  let gateway: TestGateway;
  let productKey: string;

  beforeAll(async () => {
    gateway = await startGateway();
    const made = await gateway.json<{ productKey: string; policy: object }>(
      ...["products", "create", "lamp", "--registration", "listed"],
    );
    expect(made.policy).toEqual({ registration: "listed" });
    productKey = made.productKey;
  }, 90_000);
  afterAll(() => gateway?.dispose());

  it("turns the switch of a product, and leaves the rest of its policy", async () => {
    const turn = (mode: string) => gateway.run(["registration", "switch", productKey, mode, "--json"]);
    expect(JSON.parse((await turn("open")).out)).toMatchObject({ policy: { registration: "open" }, closedSessions: 0 });
    expect(await turn("on")).toMatchObject({ code: 1, err: expect.stringContaining("registration") });
    const choice = await gateway.run(["products", "create", "x", "--registration", "on"]);
    expect(choice).toMatchObject({ code: 1, err: expect.stringContaining("Allowed choices are off, listed, open") });
  });

  it("puts a list of names, prints it and takes it away", async () => {
    const file = join(gateway.folder, "names.txt");
    writeFileSync(file, "lamp-2\nlamp-1\r\n\n");
    const list = ["--file", file, "--name", "gate-1", "--name", "gate-2", "--prefix", "pump-"];
    expect(await gateway.json("registration", "names", productKey, ...list)).toEqual({ names: 4, prefixes: 1 });
    const shown = await gateway.json<{ name: string }[]>("registration", "show", productKey);
    expect(shown.map(({ name }) => name)).toEqual(["gate-1", "gate-2", "lamp-1", "lamp-2", "pump-"]);
    expect((await gateway.run(["registration", "show", productKey])).out).toMatch(/│ pump- +│ true/);
    expect(await gateway.json("registration", "clear", productKey)).toEqual({ cleared: productKey });
    expect(await gateway.json("registration", "show", productKey)).toEqual([]);
  });

  it("says in one line what is wrong with a list", async () => {
    const names = (...args: string[]) => gateway.run(["registration", "names", productKey, ...args]);
    expect(await names()).toMatchObject({ code: 1, err: expect.stringMatching(/^trine: .*at least.*\n$/) });
    expect(await names("--name", "a b")).toMatchObject({ code: 1, err: expect.stringContaining("names.0") });
    expect(await names("--file", "nowhere.txt")).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^trine: cannot read nowhere.txt/),
    });
  });
});
