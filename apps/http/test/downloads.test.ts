import type { Platform, RunningAdapter } from "@trine/core/platform";
import type { Download } from "@trine/core/ports";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpSettings, startHttp } from "../src/index.ts";
import { aFakePlatform } from "./a-fake-platform.ts";
import { anIngress } from "./an-ingress.ts";
import { ask, exchange, open } from "./raw-exchange.ts";

const BYTES = Buffer.from("0123456789");
const WHERE = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_HTTP_PORT: "0", TRINE_HTTPS_PORT: "0" };

let adapter: RunningAdapter;
let found: Awaited<ReturnType<Platform["download"]>> | Error;
let asked: string[];
let faults: unknown[];

beforeEach(async () => {
  const fake = aFakePlatform();
  asked = [];
  faults = [];
  found = {
    size: BYTES.length,
    etag: "e1",
    type: "text/plain",
    async *read({ start, end }) {
      // In pieces, as files come.
      for (let at = start; at < end; at += 4) yield BYTES.subarray(at, Math.min(end, at + 4));
    },
  };
  const download: Platform["download"] = async (path) => {
    asked.push(path);
    if (found instanceof Error) throw found;
    return found;
  };
  const settings = httpSettings.parse({ ...WHERE, TRINE_HTTP_REQUEST_SECONDS: "1" });
  const recorder = { ...fake.platform.recorder, fault: (_where: string, error: unknown) => void faults.push(error) };
  adapter = await startHttp({ ...fake.platform, recorder, download }, settings, anIngress());
});

afterEach(() => adapter.stop());

const port = () => adapter.ports["TRINE_HTTP_PORT"] ?? 0;

async function fetchIt(headers: Record<string, string> = {}, method = "GET") {
  // What has no body ends with the connection.
  const request = ask(method, "/download/config/link/a?x=1", { ...headers, Connection: "close" });
  const { raw, head } = await exchange(port(), request);
  const lines = head.split("\r\n").map((line) => line.split(": ") as [string, string]);
  return { status: head.split(" ")[1], body: raw.slice(head.length + 4), headers: Object.fromEntries(lines) };
}

describe("a file that a service linked to", () => {
  it("is fetched whole, without a token", async () => {
    const { status, body, headers } = await fetchIt();
    expect([status, body, asked]).toEqual(["200", "0123456789", ["config/link/a"]]);
    expect(headers).toMatchObject({ "Content-Length": "10", "Content-Type": "text/plain", ETag: '"e1"' });
  });

  it("is fetched in parts", async () => {
    const { status, body, headers } = await fetchIt({ Range: "bytes=3-8" });
    expect([status, body, headers["Content-Range"]]).toEqual(["206", "345678", "bytes 3-8/10"]);
    expect((await fetchIt({ range: "bytes=-2" })).body).toBe("89");
  });

  it("is whole where the part is of another content", async () => {
    expect(await fetchIt({ Range: "bytes=3-", "If-Range": '"e0"' })).toMatchObject({
      status: "200",
      body: "0123456789",
    });
    expect(await fetchIt({ Range: "bytes=3-", "If-Range": '"e1"' })).toMatchObject({ status: "206", body: "3456789" });
  });

  it("says where it ends to whoever asks behind it", async () => {
    const { status, body, headers } = await fetchIt({ Range: "bytes=10-" });
    expect([status, body, headers["Content-Range"]]).toEqual(["416", "", "bytes */10"]);
  });

  it.each(['"e1"', 'W/"e1"', '"e0", "e1"'])("is not sent to whoever has it: %s", async (known) => {
    expect(await fetchIt({ "If-None-Match": known })).toMatchObject({ status: "304", body: "" });
  });

  it("tells its size to HEAD, and is not read", async () => {
    found = { ...(found as Download), read: () => expect.fail("it was read") };
    const request = ask("HEAD", "/download/config/link/a", { Connection: "close" });
    const socket = open(port());
    socket.end(request);
    let raw = "";
    for await (const bytes of socket) raw += String(bytes);
    expect(raw).toContain("Content-Length: 10\r\n");
    expect(raw.endsWith("\r\n\r\n")).toBe(true);
  });

  it.each([
    ["forbidden", "403"],
    ["missing", "404"],
  ] as const)("that is %s is answered %s", async (which, expected) => {
    found = which;
    expect((await fetchIt()).status).toBe(expected);
  });

  it("is answered 503 while the store is down", async () => {
    found = new Error("down");
    expect((await fetchIt()).status).toBe("503");
  });

  it.each([
    ["breaks off", { yields: 1, fails: true }],
    ["is shorter than was said", { yields: 1, fails: false }],
    ["is longer", { yields: 3, fails: false }],
  ])("that %s ends with its connection, so that the device notices", async (_, { yields, fails }) => {
    async function* read() {
      for (let at = 0; at < yields; at += 1) yield BYTES.subarray(0, 5);
      if (fails) throw new Error("down");
    }
    found = { ...(found as Download), read };
    const { body } = await fetchIt();
    expect(body.length).toBeLessThanOrEqual(10);
    expect(faults).toHaveLength(1);
  });
});

describe("a device that reads nothing of its file", () => {
  const ENDLESS = 1_000_000_000;
  let letGo: Promise<void>;

  beforeEach(() => {
    letGo = new Promise((done) => {
      async function* read() {
        try {
          for (;;) yield Buffer.alloc(65_536);
        } finally {
          done();
        }
      }
      found = { size: ENDLESS, etag: "e2", type: "application/octet-stream", read };
    });
  });

  it("is cut after as long as a request may take, and the file is let go", async () => {
    const socket = open(port()).on("error", () => undefined);
    socket.write(ask("GET", "/download/config/link/a", {}));
    socket.pause();
    await letGo;
    socket.destroy();
  });

  it("does not keep the node from stopping", async () => {
    const socket = open(port()).on("error", () => undefined);
    socket.write(ask("GET", "/download/config/link/a", {}));
    await new Promise((done) => socket.once("readable", done));
    await adapter.stop();
    await letGo;
    socket.destroy();
  });
});
