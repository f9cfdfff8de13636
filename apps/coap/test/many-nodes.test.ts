import { refuse } from "@trine/core/auth";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { startOn } from "./driver.ts";
import { type MailboxBench, openBench, type SealedLogin } from "./mailbox-bench.ts";
import { datagramOf, openRaw, option, optionOf, type RawClient } from "./raw-client.ts";

let bench: MailboxBench;
let login: SealedLogin;
let client: RawClient;

beforeEach(async () => {
  bench = await openBench();
  login = await bench.logInSealed();
  client = bench.sealed;
});

afterEach(() => bench.stop());

/** A numbered publish. */
function aPublish({ text = "hello", messageId = 700, confirmable = true } = {}): Buffer {
  const { productKey, deviceName } = bench.certificate;
  const path = `/topic/${productKey}/${deviceName}/user/update`;
  const payload = login.seal(text);
  return datagramOf({ path, options: [login.token, login.number()], payload, confirmable }, messageId);
}

/** Sends to a node's port for sealed payloads. @returns the code and the message id of the answer. */
async function askAt(port: number | undefined, datagram: Buffer, by = client) {
  by.send(datagram, port);
  const answer = parse(await by.take());
  return { code: answer.code, messageId: optionOf(answer, "2090" as never)?.toString() };
}

async function published() {
  const items = await bench.gateway.published(bench.certificate);
  return items.map(({ payload, messageId }) => ({ text: payload.toString(), messageId }));
}

describe("a publish that is sent again, and reaches another node", () => {
  it.each([
    ["CON", true],
    ["NON", false],
  ])("as a %s is answered like the first, and stored once", async (_name, confirmable) => {
    const datagram = aPublish({ confirmable });
    const first = await askAt(undefined, datagram);
    expect(first).toEqual({ code: "2.05", messageId: expect.stringMatching(/^\d+$/) });
    expect(await askAt(bench.other.symmetricPort, datagram)).toEqual(first);
    expect(await published()).toEqual([{ text: "hello", messageId: first.messageId }]);
  });

  it("from another place is a replay, and one more time from its own is not", async () => {
    const datagram = aPublish();
    const first = await askAt(undefined, datagram);
    const stranger = await bench.open();
    expect((await askAt(bench.other.symmetricPort, datagram, stranger)).code).toBe("4.03");
    expect(await askAt(bench.other.symmetricPort, datagram)).toEqual(first);
  });

  it("with another message id is a replay", async () => {
    const datagram = aPublish();
    await askAt(undefined, datagram);
    datagram.writeUInt16BE(701, 2);
    expect((await askAt(bench.other.symmetricPort, datagram)).code).toBe("4.03");
  });

  it("is stored by that one when the first took its number and failed to store it", async () => {
    const failing = await startFailing(() => Promise.resolve(refuse("unavailable", "test")));
    const datagram = aPublish();
    expect((await askAt(failing.symmetricPort, datagram)).code).toBe("5.03");
    expect(await published()).toEqual([]);
    const second = await askAt(bench.other.symmetricPort, datagram);
    expect(second.code).toBe("2.05");
    expect(await published()).toEqual([{ text: "hello", messageId: second.messageId }]);
    await failing.adapter.stop();
  });

  it("is stored once when the first stored it and failed to say so", async () => {
    const failing = await startFailing(async (store) => {
      await store();
      return refuse("unavailable", "test");
    });
    const datagram = aPublish();
    expect((await askAt(failing.symmetricPort, datagram)).code).toBe("5.03");
    const stored = await published();
    expect(stored).toHaveLength(1);
    const second = await askAt(bench.other.symmetricPort, datagram);
    expect(second).toEqual({ code: "2.05", messageId: stored[0]?.messageId });
    expect(await published()).toEqual(stored);
    await failing.adapter.stop();
  });

  it("at once with the first is stored once", async () => {
    const datagrams = Array.from({ length: 20 }, (_, n) => aPublish({ text: String(n), messageId: 800 + n }));
    for (const datagram of datagrams) {
      client.send(datagram);
      client.send(datagram, bench.other.symmetricPort);
    }
    const codes: string[] = [];
    for (let answer = 0; answer < 40; answer += 1) codes.push(parse(await client.take()).code);
    expect(new Set(codes)).toEqual(new Set(["2.05"]));
    const texts = (await published()).map(({ text }) => Number(text));
    expect(texts.sort((a, b) => a - b)).toEqual(datagrams.map((_, n) => n));
  });
});

it("the numbers of a session are one row over all nodes", async () => {
  for (let n = 0; n < 10; n += 1) {
    const port = n % 2 ? bench.other.symmetricPort : undefined;
    expect((await askAt(port, aPublish({ text: String(n), messageId: 700 + n }))).code).toBe("2.05");
  }
  expect((await published()).map(({ text }) => text).join("")).toBe("0123456789");
});

describe("a node that may not serve", () => {
  it("does not answer what it had begun, so that the device asks another one", async () => {
    const failing = await startFailing(async (store) => {
      const outcome = await store();
      bench.gateway.lease.lives = false;
      return outcome;
    });
    const own = await openRaw(failing.symmetricPort);
    own.send(aPublish());
    await expect.poll(published).toHaveLength(1);
    await expect.poll(() => bench.gateway.lease.refusals).toBeGreaterThan(0);
    bench.gateway.lease.lives = true;
    const { productKey, deviceName } = bench.certificate;
    const path = `/topic/${productKey}/${deviceName}/user/update`;
    const options = [option(2088, "x")];
    expect((await own.request({ path, options })).code).toBe("4.01");
    await own.close();
    await failing.adapter.stop();
  });
});

/** Starts a node whose uplink does what a test says with each publish. */
async function startFailing(
  act: (store: () => ReturnType<Platform["uplink"]["accept"]>) => ReturnType<Platform["uplink"]["accept"]>,
): Promise<{ symmetricPort: number; adapter: RunningAdapter }> {
  const { platform } = bench.gateway;
  const { uplink } = platform;
  const accept: typeof uplink.accept = (...args) => act(() => uplink.accept(...args));
  return startOn({ ...platform, uplink: { ...uplink, accept } });
}
