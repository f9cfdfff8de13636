import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { makeTempFolder } from "@trine/testkit/servers";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { createBench } from "./bench.ts";
import { openJournal } from "./journal.ts";
import type { OpenPackage } from "./open-package.ts";
import { serveStation } from "./station.ts";

const NOW = new Date("2026-01-02T03:04:05.000Z");

const OPENED: OpenPackage = {
  packageId: "p",
  batchId: "b",
  productKey: "a1",
  expiresAt: "2026-02-01T00:00:00.000Z",
  receiptKey: Buffer.alloc(32, 1).toString("base64url"),
  triples: ["one1", "two2", "three3"].map((deviceName) => ({
    productKey: "a1",
    deviceName,
    deviceSecret: `of ${deviceName}`,
  })),
};

let folder: Awaited<ReturnType<typeof makeTempFolder>>;
let file: string;
let count = 0;

beforeAll(async () => {
  folder = await makeTempFolder("burn");
});
beforeEach(() => {
  count += 1;
  file = join(folder.path, `${count}.age`);
});
afterAll(() => folder.remove());

/** Works on the package as one run of the program would. */
function atBench<T>(work: (bench: ReturnType<typeof createBench>) => T, now = NOW): T {
  const journal = openJournal(file);
  try {
    return work(createBench(OPENED, journal, () => now));
  } finally {
    journal.close();
  }
}

const take = (many = 1) => atBench((bench) => bench.take(many).map(({ deviceName }) => deviceName));

describe("the bench of a package", () => {
  it("hands each certificate out once, over any number of runs", () => {
    expect([take(), take(2), take()]).toEqual([["one1"], ["two2", "three3"], []]);
  });

  it("has it on the disk before it is handed out, with names and times and no secret", () => {
    atBench((bench) => {
      bench.take(1, "serial 7");
      const journal = readFileSync(`${file}.journal`, "utf8");
      expect(JSON.parse(journal)).toEqual({
        deviceName: "one1",
        what: "handed",
        at: NOW.toISOString(),
        label: "serial 7",
      });
    });
  });

  it("hands a spoiled certificate out no more, and counts it apart", () => {
    take(2);
    atBench((bench) => {
      bench.settle("one1", "spoiled");
      expect(bench.standing()).toEqual({ total: 3, handedOut: 1, spoiled: 1, left: 1 });
    });
    expect(take()).toEqual(["three3"]);
  });

  it("settles nothing that was not handed out", () => {
    atBench((bench) => {
      expect(() => bench.settle("one1", "burned")).toThrow("one1 was not handed out");
      expect(() => bench.settle("stranger", "burned")).toThrow("stranger was not handed out");
    });
  });

  it("hands nothing out once the package has expired", () => {
    const late = new Date(OPENED.expiresAt);
    atBench((bench) => expect(() => bench.take(1)).toThrow("expired at 2026-02-01"), late);
  });

  it("goes on after a line that a power cut has cut off, and not over one that is damaged", () => {
    take();
    appendFileSync(`${file}.journal`, '{"deviceName":"tw');
    expect(take()).toEqual(["two2"]);
    writeFileSync(`${file}.journal`, 'rubbish\n{"deviceName":"one1","what":"handed","at":"x"}\n');
    expect(take).toThrow("line 1");
  });

  it("is one program's at a time, and a dead one's nobody's", () => {
    const journal = openJournal(file);
    expect(take).toThrow(`process ${process.pid} hands out`);
    journal.close();
    expect(existsSync(`${file}.journal.lock`)).toBe(false);
    writeFileSync(`${file}.journal.lock`, "4194304999");
    expect(take()).toEqual(["one1"]);
  });
});

describe("a burning station", () => {
  async function converse(...lines: string[]): Promise<unknown[]> {
    const [input, output] = [new PassThrough(), new PassThrough()];
    input.end(lines.join("\n"));
    await atBenchAsync((bench) => serveStation(bench, { input, output }));
    output.end();
    return (await text(output))
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  async function atBenchAsync(work: (bench: ReturnType<typeof createBench>) => Promise<void>): Promise<void> {
    const journal = openJournal(file);
    await work(createBench(OPENED, journal, () => NOW)).finally(() => journal.close());
  }

  it("gets a certificate for each next, confirms it, and is told when none is left", async () => {
    expect(await converse("next 1", "ok one1", "next", "failed two2", "next", "next", "status")).toEqual([
      OPENED.triples[0],
      { burned: "one1" },
      OPENED.triples[1],
      { spoiled: "two2" },
      OPENED.triples[2],
      { left: 0 },
      { total: 3, handedOut: 2, spoiled: 1, left: 0 },
    ]);
  });

  it("is told what cannot be done, and goes on", async () => {
    const [unknown, stranger, next] = await converse("burn", "", "ok nobody", "next");
    expect(unknown).toEqual({ error: expect.stringContaining("burn is no command") });
    expect(stranger).toEqual({ error: expect.stringContaining("nobody was not handed out") });
    expect(next).toEqual(OPENED.triples[0]);
  });
});
