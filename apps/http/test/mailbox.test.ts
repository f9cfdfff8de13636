import { connect } from "node:net";
import { type RefusalCode, refuse } from "@trine/core/auth";
import type { RunningAdapter } from "@trine/core/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpSettings, startHttp } from "../src/index.ts";
import { aFakePlatform, type FakePlatform, type Fetch, MESSAGE_ID, WAITING } from "./a-fake-platform.ts";
import { anIngress } from "./an-ingress.ts";
import { ask, exchange, post } from "./raw-exchange.ts";

let adapter: RunningAdapter;
let port: number;
let fake: FakePlatform;

beforeEach(async () => {
  fake = aFakePlatform();
  const settings = {
    TRINE_DEVICE_HOST: "127.0.0.1",
    TRINE_HTTP_PORT: "0",
    TRINE_HTTPS_PORT: "0",
    TRINE_HTTP_POLLS: "2",
    TRINE_HTTP_REQUEST_SECONDS: "1",
    TRINE_HTTP_IDLE_SECONDS: "1",
  };
  adapter = await startHttp(fake.platform, httpSettings.parse(settings), anIngress());
  port = adapter.ports["TRINE_HTTP_PORT"] ?? 0;
});

afterEach(() => adapter.stop());

const get = (query = "", token = "t1") => exchange(port, ask("GET", `/mailbox${query}`, { password: token }));
const remove = (id: string, token = "t1") => exchange(port, ask("DELETE", `/mailbox/${id}`, { password: token }));

/** Whether nobody listens any more. */
function isRefused(): Promise<boolean> {
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.once("error", () => done(true));
    socket.once("connect", () => {
      socket.destroy();
      done(false);
    });
  });
}

/** Waits until so many fetches wait, which nobody answers. */
function fetchesWaiting(count: number): Promise<void> {
  return new Promise((done) => {
    fake.onFetch = () => fake.fetches.length === count && done();
  });
}

describe("a fetch", () => {
  it("is answered with the message as it is, its id and its topic, in names spelled exactly", async () => {
    const { raw, head } = await get();
    expect(head.split("\r\n")[0]).toBe("HTTP/1.1 200 OK");
    for (const line of [`x-message-id: ${MESSAGE_ID}`, "x-topic: /pk/dn/user/get", "Content-Length: 2"])
      expect(head).toContain(`\r\n${line}`);
    expect(head).toContain("\r\nContent-Type: application/octet-stream\r\n");
    expect(raw.endsWith("\r\n\r\n\u0000\u00ff")).toBe(true);
    expect(fake.fetches).toMatchObject([{ sessionId: "t1", limit: 1, waitMs: 0 }]);
  });

  it("may get an empty message", async () => {
    fake.onFetch = ({ answer }) => answer([{ ...WAITING, payload: Buffer.alloc(0) }]);
    expect((await get()).head).toContain("Content-Length: 0");
  });

  it.each([
    ["/pk/dn/a b%", "/pk/dn/a%20b%25"],
    ["/pk/dn/温度", "/pk/dn/%E6%B8%A9%E5%BA%A6"],
    ["/pk/dn/a\r\nx-evil: 1", "/pk/dn/a%0D%0Ax-evil:%201"],
    ["/pk/dn/\ud800", "/pk/dn/%EF%BF%BD"],
  ])("has a topic percent-encoded that no header can hold: %j", async (topic, expected) => {
    fake.onFetch = ({ answer }) => answer([{ ...WAITING, topic }]);
    expect((await get()).head.split("\r\n")).toContain(`x-topic: ${expected}`);
  });

  it("is answered 204 when nothing waits", async () => {
    fake.onFetch = ({ answer }) => answer([]);
    const { head, body } = await get();
    expect([head.split("\r\n")[0], body]).toEqual(["HTTP/1.1 204 No Content", ""]);
    expect(head).not.toMatch(/content-length|transfer-encoding/i);
  });

  it("waits as long as it says, and never longer than the setting", async () => {
    await get("?waitMs=5000");
    await get("?waitMs=999999999");
    expect(fake.fetches.map(({ waitMs }) => waitMs)).toEqual([5_000, 60_000]);
  });

  it.each(["?waitMs=", "?waitMs=-1", "?waitMs=1.5", "?waitMs=soon", "?waitMs=1&waitMs=2", "?waitMs=9999999999"])(
    "with a wait that is no number is a parameter error: %s",
    async (query) => {
      expect((await get(query)).code).toBe("10001");
    },
  );

  it("is refused as a publish is, and with the code of what happened while it waited", async () => {
    expect((await get("", "")).code).toBe("20002");
    expect((await get("", "x")).code).toBe("20001");
    for (const [refused, code] of [
      ["token_invalid", "20001"],
      ["unavailable", "10000"],
    ] as [RefusalCode, string][]) {
      fake.onFetch = ({ answer }) => answer(refuse(refused, "test"));
      expect((await get("?waitMs=1000")).code).toBe(code);
    }
  });
});

describe("a poll that waits", () => {
  it("outlives the times that a request and an idle connection may take", async () => {
    const waiting = fetchesWaiting(1);
    const answer = get("?waitMs=60000");
    await waiting;
    // Both are 1 s here, and Node looks every second.
    setTimeout(() => fake.fetches[0]?.answer([WAITING]), 2_500);
    expect((await answer).head).toContain(MESSAGE_ID);
  });

  it("ends when the device goes away", async () => {
    const waiting = fetchesWaiting(1);
    const socket = connect({ port, host: "127.0.0.1" });
    socket.write(ask("GET", "/mailbox?waitMs=60000", { password: "t1" }));
    await waiting;
    socket.destroy();
    await fake.fetches[0]?.aborted;
  });

  it("leaves the message to whoever asks next when the device has gone before the answer", async () => {
    const asked = new Promise<Fetch>((done) => {
      fake.onFetch = done;
    });
    const socket = connect(port, "127.0.0.1");
    socket.write(ask("GET", "/mailbox?waitMs=60000", { password: "t1" }));
    const fetch = await asked;
    // It was taken when the end of the line was heard.
    fetch.signal.addEventListener("abort", () => fetch.answer([WAITING]));
    socket.destroy();
    expect(await fake.letGo).toBe("t1");
  });

  it("ends with nothing when the same session polls anew", async () => {
    let waiting = fetchesWaiting(1);
    const first = get("?waitMs=60000");
    await waiting;
    waiting = fetchesWaiting(2);
    const second = get("?waitMs=60000");
    await waiting;
    expect((await first).head).toContain("204 No Content");
    fake.fetches[1]?.answer([WAITING]);
    expect((await second).head).toContain(MESSAGE_ID);
  });

  it("is one of a bounded number; those beyond it are told to come later, and one that asks without waiting is not", async () => {
    const waiting = fetchesWaiting(2);
    const polls = [get("?waitMs=60000", "t1"), get("?waitMs=60000", "t2")];
    await waiting;
    expect(await get("?waitMs=60000", "t3")).toMatchObject({ body: '{"code":40000,"message":"request too many"}' });
    expect(fake.drops).toEqual(["too_many_polls"]);
    fake.onFetch = ({ answer }) => answer([]);
    expect((await get("", "t3")).head).toContain("204 No Content");
    fake.fetches[0]?.answer([]);
    await polls[0];
    expect((await get("?waitMs=60000", "t3")).head).toContain("204 No Content");
    fake.fetches[1]?.answer([]);
    await polls[1];
  });

  it("ends with nothing when the gateway stops", async () => {
    const waiting = fetchesWaiting(1);
    const answer = get("?waitMs=60000");
    await waiting;
    await adapter.stop();
    expect((await answer).head).toContain("204 No Content");
  });
});

it("a poll that comes over an open connection while the gateway stops does not wait", async () => {
  const socket = connect({ port, host: "127.0.0.1" }).resume();
  await get();
  const stopped = adapter.stop();
  await expect.poll(isRefused).toBe(true);
  const waiting = fetchesWaiting(2);
  socket.write(ask("GET", "/mailbox?waitMs=60000", { password: "t1" }));
  await waiting;
  await stopped;
});

describe("past the lease of the node", () => {
  it("a request is not answered, and its body not read", async () => {
    fake.mayServe = false;
    const announced = post("/topic/pk/dn/user/update", { password: "t1" }, Buffer.alloc(1_000)).subarray(0, 100);
    for (const request of [announced, ask("GET", "/mailbox", { password: "t1" }), ask("GET", "/none", {})])
      expect(await exchange(port, request)).toMatchObject({ raw: "", code: "closed" });
    expect(fake.drops).toEqual(["past_lease", "past_lease", "past_lease"]);
  });

  it("a body that came too late is not handled", async () => {
    const socket = connect({ port, host: "127.0.0.1" });
    const request = post("/topic/pk/dn/user/update", { password: "t1" }, Buffer.alloc(10));
    socket.write(request.subarray(0, -1));
    const other = await get();
    expect(other.head).toContain("200 OK");
    fake.mayServe = false;
    const closed = new Promise((done) => socket.once("close", done).resume());
    socket.write(request.subarray(-1));
    await closed;
    expect(socket.bytesRead).toBe(0);
  });

  it("a poll that waited is not answered", async () => {
    const waiting = fetchesWaiting(1);
    const answer = get("?waitMs=60000");
    await waiting;
    fake.mayServe = false;
    fake.fetches[0]?.answer([WAITING]);
    expect((await answer).raw).toBe("");
  });

  it("every socket is closed, idle ones and polls alike", async () => {
    const idle = connect({ port, host: "127.0.0.1" });
    const idleClosed = new Promise((done) => idle.once("close", done).resume());
    const waiting = fetchesWaiting(1);
    const answer = get("?waitMs=60000");
    await waiting;
    expect(fake.holder?.closeAll("lease lost")).toBe(2);
    expect((await answer).raw).toBe("");
    await idleClosed;
  });
});

describe("an acknowledgement", () => {
  it.each([true, false])("is a success, whether the message waited or not: %s", async (waited) => {
    fake.waits = waited;
    expect((await remove(MESSAGE_ID)).body).toBe('{"code":0,"message":"success"}');
    expect(fake.acknowledged).toEqual([MESSAGE_ID]);
  });

  it.each(["x", "-1", "1.5", `${MESSAGE_ID}000`])("of what is no id is a parameter error: %s", async (id) => {
    expect((await remove(id)).code).toBe("10001");
  });

  it("is refused as a publish is", async () => {
    expect((await remove(MESSAGE_ID, "")).code).toBe("20002");
    expect((await remove(MESSAGE_ID, "x")).code).toBe("20001");
    fake.waits = refuse("unavailable", "test");
    expect(await remove(MESSAGE_ID)).toMatchObject({ code: "10000" });
  });
});
