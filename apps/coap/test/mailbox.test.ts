import { randomBytes } from "node:crypto";
import { type Option, parse } from "coap-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { jsonOf, type MailboxBench, openBench } from "./mailbox-bench.ts";
import { block2, datagramOf, option, optionOf } from "./raw-client.ts";

let bench: MailboxBench;

beforeEach(async () => {
  bench = await openBench();
});

afterEach(() => bench.stop());

/** The message as a device reads it. */
function message(messageId: string, text: string | Buffer): object {
  const { productKey, deviceName } = bench.certificate;
  const payload = Buffer.from(text as string).toString("base64");
  return { messageId, topic: `/${productKey}/${deviceName}/user/get`, payload };
}

describe("GET /mailbox", () => {
  const get = (...options: Option[]) => bench.plain.request({ method: "GET", path: "/mailbox", options });

  it("is answered with the next message, as JSON, as often as it asks", async () => {
    const token = await bench.logIn();
    const [first] = [await bench.send("one"), await bench.send("two")];
    for (let time = 0; time < 2; time += 1) {
      const answer = await get(token);
      expect(answer).toMatchObject({ code: "2.05", options: [{ name: "Content-Format", value: Buffer.of(50) }] });
      expect(jsonOf(answer)).toEqual(message(first, "one"));
    }
    expect(await bench.state(first)).toBe("sent");
  });

  it("is answered with an empty object when nothing waits", async () => {
    expect(jsonOf(await get(await bench.logIn()))).toEqual({});
  });

  it.each([
    ["without a token", [], "4.01"],
    ["with a token of nobody", [option(2088, "x")], "4.01"],
    ["that asks for a block of the reserved size", [block2(0, 7)], "4.00"],
  ])("%s is refused", async (_name, options, code) => {
    const token = code === "4.00" ? [await bench.logIn()] : [];
    expect((await get(...options, ...token)).code).toBe(code);
  });

  it("brings a message of 64 KB in blocks, of which another node may send some", async () => {
    const token = await bench.logIn();
    const payload = randomBytes(65_536);
    const id = await bench.send(payload);
    const blocks: Buffer[] = [];
    let etag: Buffer | undefined;
    for (let num = 0; ; num += 1) {
      const asking = { method: "GET", path: "/mailbox", options: [token, ...(num > 0 ? [block2(num)] : [])] };
      bench.plain.send(datagramOf(asking, 5_000 + num), num % 2 ? bench.other.port : undefined);
      const answer = parse(await bench.plain.take());
      etag ??= optionOf(answer, "ETag");
      expect(optionOf(answer, "ETag")).toEqual(etag);
      blocks.push(answer.payload);
      if (((optionOf(answer, "Block2")?.at(-1) ?? 0) & 8) === 0) break;
    }
    expect(JSON.parse(Buffer.concat(blocks).toString())).toEqual(message(id, payload));
    expect(await bench.state(id)).toBe("sent");
  });

  it("is answered in blocks as small as it asks for, and 4.00 behind the last one", async () => {
    const token = await bench.logIn();
    await bench.send("x".repeat(60));
    const first = await get(token, block2(0, 2));
    const whole = optionOf(first, "Size2")?.readUInt8() ?? 0;
    expect(first.payload).toHaveLength(64);
    expect(optionOf(first, "Block2")).toEqual(Buffer.of(0x0a));
    const second = await get(token, block2(1, 2));
    expect(second.payload).toHaveLength(64);
    expect((await get(token, block2(Math.ceil(whole / 64), 2))).code).toBe("4.00");
  });

  it("is answered anew when it is lost and sent again, however large the answer is", async () => {
    const token = await bench.logIn();
    await bench.send("x".repeat(600));
    const datagram = datagramOf({ method: "GET", path: "/mailbox", options: [token] }, 77);
    const first = await bench.plain.ask(datagram);
    expect(await bench.plain.ask(datagram)).toEqual(first);
  });
});

describe("DELETE /mailbox/{messageId}", () => {
  const remove = (id: string, ...options: Option[]) =>
    bench.plain.request({ method: "DELETE", path: `/mailbox/${id}`, options });

  it("takes the message out, once", async () => {
    const token = await bench.logIn();
    const id = await bench.send("one");
    expect((await remove(id, token)).code).toBe("2.02");
    expect(await bench.state(id)).toBe("delivered");
    expect((await remove(id, token)).code).toBe("4.04");
  });

  it.each(["1", "x", "123456789012345678901", "%00"])("of %s, which does not wait, is answered 4.04", async (id) => {
    expect((await remove(id, await bench.logIn())).code).toBe("4.04");
  });

  it("needs the token of the device", async () => {
    const id = await bench.send("one");
    expect((await remove(id)).code).toBe("4.01");
    expect(await bench.state(id)).toBe("queued");
  });
});

describe("POST /pull", () => {
  const pull = (payload: string | Buffer, ...options: Option[]) =>
    bench.plain.request({ path: "/pull", payload: Buffer.from(payload as string), options });

  it.each(['{"pageSize":"2"}', '{"pageSize":2}', '{"pageSize":"2"}\0'])("with %j brings two messages", async (body) => {
    const token = await bench.logIn();
    const [one, two] = [await bench.send("one"), await bench.send("two"), await bench.send("three")];
    for (let time = 0; time < 2; time += 1) {
      expect(jsonOf(await pull(body, token))).toEqual([message(one, "one"), message(two, "two")]);
    }
  });

  it("brings an empty array when nothing waits", async () => {
    expect(jsonOf(await pull('{"pageSize":"10"}', await bench.logIn()))).toEqual([]);
  });

  it.each(["", "x", "null", "{}", '{"pageSize":"0"}', '{"pageSize":11}', '{"pageSize":"1e1"}', '{"pageSize":[1]}x'])(
    "with %j is malformed",
    async (body) => {
      expect((await pull(body, await bench.logIn())).code).toBe("4.00");
    },
  );

  it("brings a page that no datagram holds in blocks, and says 4.08 when it was not begun here", async () => {
    const token = await bench.logIn();
    const payloads = Array.from({ length: 10 }, () => randomBytes(700));
    for (const payload of payloads) await bench.send(payload);
    const first = await pull('{"pageSize":"10"}', token);
    const blocks = [first.payload];
    for (let more = true; more; ) {
      const answer = await bench.plain.request({ path: "/pull", options: [token, block2(blocks.length)] });
      blocks.push(answer.payload);
      more = ((optionOf(answer, "Block2")?.at(-1) ?? 0) & 8) !== 0;
    }
    const page = JSON.parse(Buffer.concat(blocks).toString()) as { payload: string }[];
    expect(page.map(({ payload }) => Buffer.from(payload, "base64"))).toEqual(payloads);
    bench.plain.send(datagramOf({ path: "/pull", options: [token, block2(1)] }, 900), bench.other.port);
    expect(parse(await bench.plain.take()).code).toBe("4.08");
  });
});

describe("with sealed payloads", () => {
  it("messages are read with the token alone, sealed", async () => {
    const { token, open, seal } = await bench.logInSealed();
    const id = await bench.send("secret");
    const got = await bench.sealed.request({ method: "GET", path: "/mailbox", options: [token] });
    expect(optionOf(got, "Content-Format")).toEqual(Buffer.of(42));
    expect(JSON.parse(open(got))).toEqual(message(id, "secret"));
    const page = seal('{"pageSize":"1"}');
    const pulled = await bench.sealed.request({ path: "/pull", options: [token], payload: page });
    expect(JSON.parse(open(pulled))).toEqual([message(id, "secret")]);
    const clear = await bench.sealed.request({ path: "/pull", options: [token], payload: Buffer.from("{}") });
    expect(clear.code).toBe("4.00");
  });

  it.each([
    ["is acknowledged", "DELETE", true, []],
    ["is observed", "GET", false, [option("Observe", "")]],
    ["is observed no more", "GET", false, [option("Observe", Buffer.of(1))]],
  ] as const)("a message %s with a fresh number only", async (_name, method, one, more) => {
    const { token, number } = await bench.logInSealed();
    const id = await bench.send("x");
    const request = { method, path: one ? `/mailbox/${id}` : "/mailbox", options: [...more, token] };
    expect((await bench.sealed.request(request)).code).toBe("4.00");
    const datagram = datagramOf({ ...request, options: [...request.options, number()] }, 600);
    expect(parse(await bench.sealed.ask(datagram)).code).toMatch(/^2/);
    const stranger = await bench.open();
    expect(parse(await stranger.ask(datagram)).code).toBe("4.03");
  });

  it("an acknowledgement that reaches another node, too, is answered alike", async () => {
    const { token, number } = await bench.logInSealed();
    const id = await bench.send("x");
    const request = { method: "DELETE", path: `/mailbox/${id}`, options: [token, number()] };
    const datagram = datagramOf(request, 600);
    for (const port of [undefined, bench.other.symmetricPort]) {
      bench.sealed.send(datagram, port);
      expect(parse(await bench.sealed.take()).code).toBe("2.02");
    }
  });
});

it.each([
  ["POST", "/mailbox", "4.05"],
  ["GET", "/mailbox/1", "4.05"],
  ["GET", "/pull", "4.05"],
  ["DELETE", "/mailbox/1/2", "4.04"],
])("%s %s is answered %s", async (method, path, code) => {
  expect((await bench.plain.request({ method, path })).code).toBe(code);
});
