import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { masterKeyId, Secret } from "@trine/core/certificate";
import { createMemoryPorts } from "@trine/memory";
import { makeTempFolder, startTransit } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSettings } from "../settings/load-settings.ts";
import { runtimeSettings } from "../settings/runtime-settings.ts";
import { createSystemRandom, systemClock } from "./clock.ts";
import { openKeys, readMasterKeys } from "./keys.ts";
import { StartError } from "./start-error.ts";

const random = createSystemRandom();
const KEY = randomBytes(32);
const LINE = KEY.toString("base64");

let folder: Awaited<ReturnType<typeof makeTempFolder>>;

beforeAll(async () => {
  folder = await makeTempFolder("keys");
});

afterAll(() => folder.remove());

function read(environment: Readonly<Record<string, string>>, dataFolder?: string) {
  return readMasterKeys(loadSettings(runtimeSettings, environment), { dataFolder, random });
}

function fileWith(name: string, text: string): string {
  const file = join(folder.path, name);
  writeFileSync(file, text);
  return file;
}

describe("master keys", () => {
  it("are read from a file, newest first", () => {
    const older = randomBytes(32);
    const file = fileWith("two", `${LINE}\n# older\n${older.toString("base64")}\n`);
    expect(read({ TRINE_MASTER_KEY_FILE: file }).services.map(({ id }) => id)).toEqual(
      [KEY, older].map((key) => masterKeyId(key)),
    );
  });

  it("are read from the environment, and are not in it any more", () => {
    process.env["TRINE_MASTER_KEY"] = LINE;
    const settings = loadSettings(runtimeSettings, process.env);
    const given = readMasterKeys(settings, { dataFolder: undefined, random });
    expect(given.services.map(({ id }) => id)).toEqual([masterKeyId(KEY)]);
    expect(process.env).not.toHaveProperty("TRINE_MASTER_KEY");
    expect(JSON.stringify([settings, given])).not.toContain(LINE);
    expect(JSON.stringify([settings, given])).not.toContain(KEY.toJSON().data.slice(0, 4).join());
  });

  it("are made in the data folder when nobody gives any", () => {
    const [first] = read({}, folder.path).services;
    expect(existsSync(join(folder.path, "master-key"))).toBe(true);
    expect(read({}, folder.path).services.map(({ id }) => id)).toEqual([first.id]);
  });

  it("of a key service come before those of a file, and need none", () => {
    const service = { TRINE_KEY_SERVICE_URL: "https://vault.example", TRINE_KEY_SERVICE_TOKEN_FILE: "/token" };
    expect(read(service)).toMatchObject({ services: [{ id: "transit:trine" }], masterKeys: [] });
    const file = fileWith("old", LINE);
    const both = read({ ...service, TRINE_KEY_SERVICE_KEY: "fleet", TRINE_MASTER_KEY_FILE: file });
    expect(both.services.map(({ id }) => id)).toEqual(["transit:fleet", masterKeyId(KEY)]);
  });

  it.each([
    [{}, "TRINE_MASTER_KEY_FILE is required with DATABASE_URL"],
    [{ TRINE_MASTER_KEY: LINE, TRINE_MASTER_KEY_FILE: "/somewhere" }, "set either TRINE_MASTER_KEY or"],
    [{ TRINE_MASTER_KEY: "short" }, "cannot use the master key of TRINE_MASTER_KEY: line 1 is not 32 bytes"],
    [{ TRINE_MASTER_KEY_FILE: "/nowhere/key" }, "cannot use the master key of /nowhere/key (TRINE_MASTER_KEY_FILE)"],
    [{ TRINE_KEY_SERVICE_URL: "https://vault.example" }, "TRINE_KEY_SERVICE_TOKEN_FILE is required"],
    [{ TRINE_KEY_SERVICE_URL: "http://vault.example", TRINE_KEY_SERVICE_TOKEN_FILE: "/t" }, "must be https"],
  ])("that cannot be used are one line: %j", (environment, words) => {
    const error = caught(() => read(environment as Readonly<Record<string, string>>));
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toContain(words);
    expect(String(error)).not.toContain(LINE);
  });
});

describe("opening the keys of an installation", () => {
  const open = (environment: Readonly<Record<string, string>>, stores = createMemoryPorts({ clock: systemClock })) =>
    openKeys(read(environment), { stores, clock: systemClock, random });

  it("fails with one line that says which key it takes, when they are those of another", async () => {
    const stores = createMemoryPorts({ clock: systemClock });
    await open({ TRINE_MASTER_KEY: LINE }, stores);
    const other = randomBytes(32).toString("base64");
    const error = await open({ TRINE_MASTER_KEY: other }, stores).catch((each: unknown) => each);
    expect(error).toBeInstanceOf(StartError);
    expect(String(error)).toMatch(/the master key is wrong: .* whose secrets need .*docs\/operations\.md, Keys\)$/);
    expect(String(error)).toContain(masterKeyId(KEY));
  });

  it("goes from a file to a key service and on without the file, and fails closed without the service", async () => {
    const transit = await startTransit();
    const tokenFile = fileWith("token", transit.token);
    const service = { TRINE_KEY_SERVICE_URL: transit.url, TRINE_KEY_SERVICE_TOKEN_FILE: tokenFile };
    const stores = createMemoryPorts({ clock: systemClock });
    const before = await open({ TRINE_MASTER_KEY: LINE }, stores);
    const sealed = before.seal(new Secret("secret"), "row");
    const both = await open({ ...service, TRINE_MASTER_KEY: LINE }, stores);
    const records = await stores.keyStore.load();
    await stores.keyStore.claim("worker", 60_000);
    await stores.keyStore.save("worker", 60_000, {
      primary: both.primary,
      dataKeys: await Promise.all((records?.dataKeys ?? []).map((each) => both.rewrap(each))),
      retired: { ids: [before.primary], atMs: 1 },
    });
    expect((await open(service, stores)).open(sealed, "row").reveal()).toBe("secret");

    transit.state = "sealed";
    await expect(open(service, stores)).rejects.toThrow(`the key service at ${transit.url} answers 503`);
    transit.state = "open";
    transit.replaceKey("trine");
    await expect(open(service, stores)).rejects.toThrow("transit:trine is another key than the one");
    await transit.stop();
    await expect(open(service, stores)).rejects.toThrow(StartError);
    expect(readFileSync(tokenFile, "utf8")).toBe(transit.token);
  });
});

function caught(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}
