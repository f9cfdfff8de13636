import { copyFile, mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeTempFolder, type TempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { expectAllThere, settleIn } from "../src/belongings.ts";
import { topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";

describe("backup, restore and restart of the embedded gateway", () => {
  let folder: TempFolder;
  let trine: Installation;
  const dataOf = (name: string) => join(folder.path, name);
  const start = (name: string) => startInstallation("embedded", { TRINE_DATA_DIR: dataOf(name) });
  const snapshots = () => readdir(join(dataOf("first"), "snapshots"));
  const cli = (...args: readonly string[]) =>
    runCommand([process.execPath, join(ROOT, "apps/cli/dist/main.js"), ...args], {
      env: { TRINE_ADMIN_KEY: trine.adminKey, TRINE_ADMIN_PORT: String(trine.ports.admin) },
      withinMs: 60_000,
    });

  beforeAll(async () => {
    folder = await makeTempFolder("backup");
    trine = await start("first");
  }, 120_000);
  afterAll(async () => {
    await trine?.dispose();
    await folder?.remove();
  });

  it("a restart keeps products, devices, tokens, what waits for a device, and how far a group has read", async () => {
    const { belongings, http, coap } = await settleIn(trine);
    expect(await trine.app("admin").stop()).toBe(0);
    expect(await snapshots()).toHaveLength(1);
    await trine.app("admin").start();
    await expectAllThere(trine, belongings);
    // The same connections go on with the tokens that they have.
    const tokens = [http.token, coap.token];
    await http.publish({ topic: topicOf(belongings.http, "user/update"), payload: "after the restart" });
    await coap.publish({ topic: topicOf(coap.certificate, "user/update"), payload: "after the restart" });
    expect([http.token, coap.token]).toEqual(tokens);
    await Promise.all([http.close(), coap.close()]);
  }, 90_000);

  it("a backup of a running gateway, restored into an empty folder with the master key, lets every device in again", async () => {
    const { belongings, http, coap } = await settleIn(trine);
    const file = join(folder.path, "backup.tar.gz");
    expect(await cli("backup", file)).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining(file) });

    expect(await cli("restore", file, "--data-dir", dataOf("second"))).toMatchObject({ code: 0, stderr: "" });
    await copyFile(join(dataOf("first"), "master-key"), join(dataOf("second"), "master-key"));
    const second = await start("second");
    try {
      await expectAllThere(second, belongings);
    } finally {
      await second.dispose();
      await Promise.all([http.close(), coap.close()]);
    }
  }, 90_000);

  it("a restore into a folder that has a database, or that a gateway uses, is refused with one line", async () => {
    const file = join(folder.path, "any.tar.gz");
    expect(await cli("backup", file)).toMatchObject({ code: 0 });
    await mkdir(join(dataOf("taken"), "database"), { recursive: true });
    await writeFile(join(dataOf("taken"), "database", "PG_VERSION"), "17\n");
    for (const [name, reason] of [
      ["taken", /not empty/],
      ["first", /another process uses the data folder/],
    ] as const) {
      const { code, stdout, stderr } = await cli("restore", file, "--data-dir", dataOf(name));
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^trine: [^\n]*\n$/);
      expect(stderr).toMatch(reason);
    }
    expect(await readdir(join(dataOf("taken"), "database"))).toEqual(["PG_VERSION"]);
  }, 60_000);

  it("a file that is no snapshot is refused with one line, and leaves nothing behind", async () => {
    const file = join(folder.path, "broken.tar.gz");
    await writeFile(file, "this is no snapshot");
    const { code, stderr } = await cli("restore", file, "--data-dir", dataOf("third"));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trine: [^\n]*\n$/);
    expect((await readdir(dataOf("third"))).filter((name) => name !== "lock.sock")).toEqual([]);
  });
});
