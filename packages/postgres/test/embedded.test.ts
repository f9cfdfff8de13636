import { readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { aDevice, aProduct, aReader, textsOf } from "@trine/testkit/ports";
import { makeTempFolder, spawnProcess, type TempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createSqlDeviceRegistry,
  createSqlUplinkLog,
  migrate,
  openPglite,
  restoreSnapshot,
  writeSnapshot,
} from "../src/index.ts";

const writer = fileURLToPath(new URL("append-until-killed.ts", import.meta.url));

let folder: TempFolder;

beforeAll(async () => {
  folder = await makeTempFolder("embedded");
});

afterAll(() => folder.remove());

/** Runs the writer until it has had so many appends acknowledged, and kills it. @returns the acknowledged messages. */
async function appendUntilKilled(dataDir: string, count: number): Promise<string[]> {
  const child = await spawnProcess({
    command: [process.execPath, "--conditions=trine-source", "--import=tsx", writer, dataDir],
    ready: /^ready$/,
  });
  const nth = new RegExp(`^kept \\d+-${count}$`);
  await child.line(nth);
  await child.kill();
  return child.lines.flatMap((line) => /^kept (\d+-\d+)$/.exec(line)?.[1] ?? []);
}

describe("the embedded database", () => {
  it("loses nothing acknowledged, and no order, when its process is killed; a snapshot carries it over", async () => {
    const dataDir = join(folder.path, "database");
    const acknowledged = [...(await appendUntilKilled(dataDir, 30)), ...(await appendUntilKilled(dataDir, 60))];

    const database = await openPglite({ dataDir });
    await migrate(database);
    const registry = createSqlDeviceRegistry(database);
    const product = aProduct();
    const device = aDevice(product.productKey);
    await registry.insertProduct(product);
    await registry.insertDevices(product.productKey, [device]);
    const read = await aReader(createSqlUplinkLog(database), {}).read(100_000);
    const texts = new Set(textsOf(read));
    expect(acknowledged.filter((text) => !texts.has(text))).toEqual([]);
    for (const { deviceName } of read.slice(0, 20)) {
      const numbers = textsOf(read.filter((item) => item.deviceName === deviceName)).map((text) =>
        Number(text.split("-")[1]),
      );
      expect(numbers).toEqual(numbers.map((_, index) => index));
    }

    const file = join(folder.path, "snapshot.tar.gz");
    await writeSnapshot(database, file);
    await database.close();
    await expect(restoreSnapshot(file, dataDir)).rejects.toThrow(/not empty/);
    const restored = join(folder.path, "restored");
    await restoreSnapshot(file, restored);
    const again = await openPglite({ dataDir: restored });
    await migrate(again);
    expect((await createSqlDeviceRegistry(again).findCredentials(device.device))?.iotId).toBe(device.iotId);
    await again.close();
  }, 120_000);

  it("does not restore a damaged snapshot, and leaves nothing of it behind", async () => {
    const file = join(folder.path, "damaged.tar.gz");
    await writeFile(file, await readFile(join(folder.path, "snapshot.tar.gz")));
    await truncate(file, 500_000);
    const dataDir = join(folder.path, "from-damaged");
    await expect(restoreSnapshot(file, dataDir)).rejects.toThrow();
    await expect(openFolder(dataDir)).rejects.toThrow(/ENOENT/);
    await expect(openFolder(`${dataDir}.unfinished`)).rejects.toThrow(/ENOENT/);
  });
});

function openFolder(path: string) {
  return readFile(join(path, "PG_VERSION"));
}
