import { randomBytes } from "node:crypto";
import { type Option, type ParsedPacket, parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonOf, type MailboxBench, openBench } from "./mailbox-bench.ts";
import { block2, datagramOf, option, optionOf, type RawClient } from "./raw-client.ts";

const REGISTER = option("Observe", "");
const DEREGISTER = option("Observe", Buffer.of(1));
const TOKEN = Buffer.of(7, 7);

let bench: MailboxBench;
let nowMs: () => number;

beforeEach(async () => {
  nowMs = () => Date.now();
  bench = await openBench({}, { clock: { nowMs: () => nowMs(), monotonicMs: () => performance.now() } });
});

afterEach(() => bench.stop());

function observe(credentials: Option, client: RawClient = bench.plain, token = TOKEN): Promise<ParsedPacket> {
  return client.request({ method: "GET", path: "/mailbox", options: [REGISTER, credentials], token });
}

async function take(client: RawClient = bench.plain): Promise<ParsedPacket> {
  return parse(await client.take());
}

function idOf(packet: ParsedPacket): string {
  return (jsonOf(packet) as { messageId: string }).messageId;
}

/** Fails when another message comes before the answer to a further request. */
async function expectSilence(credentials: Option, client: RawClient = bench.plain): Promise<void> {
  const answer = await client.request({ method: "DELETE", path: "/mailbox/1", options: [credentials] });
  expect(answer.code).toBe("4.04");
}

describe("an observer", () => {
  it("is answered with an empty object, and then told its messages one after the other, each in a CON", async () => {
    const credentials = await bench.logIn();
    const [one, two] = [await bench.send("one"), await bench.send("two")];
    const answer = await observe(credentials);
    expect(answer).toMatchObject({ code: "2.05", ack: true, token: TOKEN });
    expect(jsonOf(answer)).toEqual({});
    const first = await take();
    expect(first).toMatchObject({ code: "2.05", confirmable: true, token: TOKEN });
    expect(idOf(first)).toBe(one);
    await expectSilence(credentials);
    expect(await bench.state(one)).toBe("sent");
    expect(await bench.state(two)).toBe("queued");
    bench.plain.settle(first);
    const second = await take();
    expect(idOf(second)).toBe(two);
    await bench.reaches(one, "delivered");
    bench.plain.settle(second);
    await bench.reaches(two, "delivered");
  });

  it("is told a message that comes later at once, with a number greater than any before", async () => {
    const registered = await observe(await bench.logIn());
    const numbers = [numberOf(registered)];
    for (const text of ["one", "two", "three"]) {
      await bench.send(text);
      const notification = await take();
      numbers.push(numberOf(notification));
      bench.plain.settle(notification);
    }
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    expect(new Set(numbers).size).toBe(4);
  });

  it("is told CONs as well when it registered with a NON", async () => {
    const options = [REGISTER, await bench.logIn()];
    const registered = await bench.plain.request({ method: "GET", path: "/mailbox", options, confirmable: false });
    expect(registered).toMatchObject({ code: "2.05", confirmable: false });
    await bench.send("one");
    expect(await take()).toMatchObject({ confirmable: true });
  });

  it("that rejects a notification is an observer no more, and the message stays, for whoever takes it next", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    const id = await bench.send("one");
    bench.plain.settle(await take(), "reset");
    const again = await bench.logIn();
    await expect.poll(async () => (await fetchAs(again)).messageId).toBe(id);
    expect(await bench.state(id)).toBe("sent");
    await bench.send("two");
    await expectSilence(credentials);
  });

  it("that deregisters is told nothing more; one with another token, or in another place, does not do it for it", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    const other = await bench.open();
    for (const [client, token] of [
      [other, TOKEN],
      [bench.plain, Buffer.of(8)],
    ] as const) {
      await client.request({ method: "GET", path: "/mailbox", options: [DEREGISTER, credentials], token });
    }
    const id = await bench.send("one");
    const notification = await take();
    expect(idOf(notification)).toBe(id);
    bench.plain.settle(notification);
    await bench.reaches(id, "delivered");
    const options = [DEREGISTER, credentials];
    const answer = await bench.plain.request({ method: "GET", path: "/mailbox", options, token: TOKEN });
    expect(optionOf(answer, "Observe")).toBeUndefined();
    await bench.send("two");
    await expectSilence(credentials);
  });

  it("that registers again from another port takes the place of the older one, with what that was told", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    const id = await bench.send("one");
    const early = await take();
    const moved = await bench.open();
    await observe(credentials, moved);
    const late = await take(moved);
    expect(idOf(late)).toBe(id);
    bench.plain.settle(early);
    await expectSilence(credentials);
    expect(await bench.state(id)).toBe("sent");
    moved.settle(late);
    await bench.reaches(id, "delivered");
  });

  it("with a new login takes the place of the older one at once", async () => {
    await observe(await bench.logIn());
    const id = await bench.send("one");
    await take();
    const renewed = await bench.open();
    await observe(await bench.logIn(), renewed);
    expect(idOf(await take(renewed))).toBe(id);
  });

  it("is told 4.01, without a number, when its device is revoked", async () => {
    await observe(await bench.logIn());
    await bench.gateway.operators.devices.disable(bench.gateway.actor, bench.certificate);
    const last = await take();
    expect(last).toMatchObject({ code: "4.01", confirmable: true, token: TOKEN, options: [] });
    bench.plain.settle(last);
  });

  it("is not sent the message that it was told and did not acknowledge, once its device was revoked", async () => {
    await observe(await bench.logIn());
    const id = await bench.send("one");
    const notification = await take();
    await bench.gateway.operators.devices.disable(bench.gateway.actor, bench.certificate);
    expect((await take()).code).toBe("4.01");
    bench.plain.settle(notification);
    expect(await bench.state(id)).toBe("sent");
  });

  it("is told 4.01 in place of a message when its token is over", async () => {
    await observe(await bench.logIn());
    const days = 8 * 86_400_000;
    nowMs = () => Date.now() + days;
    const id = await bench.send("one");
    expect((await take()).code).toBe("4.01");
    expect(await bench.state(id)).toBe("sent");
  });

  it("is told 5.03 after a time in which its node might not serve, so that it observes again", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    bench.gateway.lease.lives = false;
    bench.plain.send(datagramOf({ method: "GET", path: "/mailbox" }, 1));
    await expect.poll(() => bench.gateway.lease.refusals).toBeGreaterThan(0);
    bench.gateway.lease.lives = true;
    expect(await take()).toMatchObject({ code: "5.03", token: TOKEN });
    const id = await bench.send("one");
    await observe(credentials);
    expect(idOf(await take())).toBe(id);
  });

  it("is told 5.03 when its node stops, so that it observes another one", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    const id = await bench.send("one");
    expect(idOf(await take())).toBe(id);
    await bench.stopFirst();
    expect(await take()).toMatchObject({ code: "5.03", token: TOKEN });
    const options = [REGISTER, credentials];
    bench.plain.send(datagramOf({ method: "GET", path: "/mailbox", options }, 900), bench.other.port);
    expect(jsonOf(await take())).toEqual({});
    expect(idOf(await take())).toBe(id);
  });

  it("with sealed payloads is told sealed ones", async () => {
    const { token, number, open } = await bench.logInSealed();
    const options = [REGISTER, token, number()];
    const answer = await bench.sealed.request({ method: "GET", path: "/mailbox", options });
    expect(open(answer)).toBe("{}");
    const id = await bench.send("secret");
    expect(JSON.parse(open(await take(bench.sealed)))).toMatchObject({ messageId: id });
  });
});

it("an observer too many is answered as if it had not asked to observe", async () => {
  await bench.stop();
  bench = await openBench({ TRINE_COAP_OBSERVERS: 0 });
  const credentials = await bench.logIn();
  const id = await bench.send("one");
  const answer = await observe(credentials);
  expect(optionOf(answer, "Observe")).toBeUndefined();
  expect(idOf(answer)).toBe(id);
});

describe("a message that no datagram holds", () => {
  const payload = randomBytes(3000);

  /** Fetches the blocks behind the first. @returns the body, and the message with the last block. */
  async function fetchRest(credentials: Option, first: ParsedPacket): Promise<{ body: Buffer; last: ParsedPacket }> {
    const blocks = [first.payload];
    for (;;) {
      const options = [credentials, block2(blocks.length)];
      const answer = await bench.plain.request({ method: "GET", path: "/mailbox", options });
      const last = answer.code === "0.00" ? await take() : answer;
      blocks.push(last.payload);
      if (((optionOf(last, "Block2")?.at(-1) ?? 0) & 8) === 0) return { body: Buffer.concat(blocks), last };
    }
  }

  it("is told by its first block, and delivered by the acknowledgement of its last", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    const id = await bench.send(payload);
    const next = await bench.send("next");
    const first = await take();
    expect(optionOf(first, "Block2")).toEqual(Buffer.of(0x0e));
    bench.plain.settle(first);
    const { body, last } = await fetchRest(credentials, first);
    expect(Buffer.from((JSON.parse(String(body)) as { payload: string }).payload, "base64")).toEqual(payload);
    expect(last.confirmable).toBe(true);
    expect(await bench.state(id)).toBe("sent");
    bench.plain.settle(last);
    expect(idOf(await take())).toBe(next);
    expect(await bench.state(id)).toBe("delivered");
  });

  it("may be acknowledged by a DELETE instead, and the next one is told", async () => {
    const credentials = await bench.logIn();
    await observe(credentials);
    const id = await bench.send(payload);
    const next = await bench.send("next");
    bench.plain.settle(await take());
    const deletion = { method: "DELETE", path: `/mailbox/${id}`, options: [credentials] };
    const answers = [await bench.plain.request(deletion), await take()];
    expect(answers.map(({ code }) => code).sort()).toEqual(["2.02", "2.05"]);
    expect(answers.filter(({ code }) => code === "2.05").map(idOf)).toEqual([next]);
  });

  it("is told again when the device did not fetch the rest in time", async () => {
    await bench.stop();
    bench = await openBench({ TRINE_COAP_DOWNLOAD_MS: 20 });
    await observe(await bench.logIn());
    const id = await bench.send(payload);
    const first = await take();
    bench.plain.settle(first);
    const again = await take();
    expect(again.payload).toEqual(first.payload);
    expect(numberOf(again)).toBeGreaterThan(numberOf(first));
    expect(await bench.state(id)).toBe("sent");
  });
});

async function fetchAs(credentials: Option): Promise<{ messageId?: string }> {
  const client = await bench.open();
  return jsonOf(await client.request({ method: "GET", path: "/mailbox", options: [credentials] })) as {
    messageId?: string;
  };
}

function numberOf(packet: ParsedPacket): number {
  const value = optionOf(packet, "Observe");
  return value && value.length > 0 ? value.readUIntBE(0, value.length) : Number.NaN;
}
