import { generate, type ParsedPacket, parse } from "coap-packet";
import { describe, expect, it } from "vitest";
import {
  createMessageLayer,
  type MessageLayer,
  type MessageLimits,
  type Request,
  type Response,
} from "./message-layer.ts";

const PEER = { address: "192.0.2.1", port: 40_000 };
const TOKEN = Buffer.of(1, 2, 3);
const LATE_MS = 60_000;

interface Bench {
  readonly layer: MessageLayer;
  /** Requests that the handler got, with the way to answer them. */
  readonly handled: { request: Request; answer(code: string, payload?: Buffer, given?: Partial<Response>): void }[];
  readonly sent: Buffer[];
  /** Resolves when so many datagrams were sent in all. */
  sentAtLeast(count: number): Promise<ParsedPacket[]>;
}

function openLayer(given: Partial<MessageLimits> = {}): Bench {
  const handled: Bench["handled"] = [];
  const sent: Buffer[] = [];
  const watchers: (() => void)[] = [];
  const layer = createMessageLayer(
    { repeats: 10, inFlight: 10, notifications: 10, piggybackMs: LATE_MS, ...given },
    {
      send(datagram) {
        sent.push(datagram);
        for (const look of watchers) look();
      },
      handle: (request) =>
        new Promise((done) => {
          const answer = (code: string, payload?: Buffer, given: Partial<Response> = {}) =>
            done({ code, ...(payload ? { payload } : {}), ...given });
          handled.push({ request, answer });
        }),
    },
  );
  const sentAtLeast = (count: number) =>
    new Promise<ParsedPacket[]>((done) => {
      const look = () => sent.length >= count && done(sent.map((datagram) => parse(datagram)));
      watchers.push(look);
      look();
    });
  return { layer, handled, sent, sentAtLeast };
}

function aRequest(messageId = 7, confirmable = true): Buffer {
  return generate({ code: "POST", confirmable, messageId, token: TOKEN });
}

it("a CON gets its answer in the acknowledgement, under its own message id and token", async () => {
  const { layer, handled, sentAtLeast } = openLayer();
  layer.receive(aRequest(), PEER);
  handled[0]?.answer("2.05");
  expect(await sentAtLeast(1)).toMatchObject([{ ack: true, code: "2.05", messageId: 7, token: TOKEN }]);
});

it("a NON gets a NON with the same token, and is never acknowledged", async () => {
  const { layer, handled, sentAtLeast } = openLayer({ piggybackMs: 0 });
  layer.receive(aRequest(7, false), PEER);
  handled[0]?.request.acknowledge();
  handled[0]?.answer("2.05");
  const packets = await sentAtLeast(1);
  expect(packets).toMatchObject([{ ack: false, confirmable: false, reset: false, code: "2.05", token: TOKEN }]);
});

it("a repeat while the request is under way is not run again; one after it gets the same answer", async () => {
  const { layer, handled, sent, sentAtLeast } = openLayer();
  layer.receive(aRequest(), PEER);
  layer.receive(aRequest(), PEER);
  handled[0]?.answer("2.05");
  await sentAtLeast(1);
  await layer.drain();
  layer.receive(aRequest(), PEER);
  expect(handled).toHaveLength(1);
  expect(sent).toHaveLength(2);
  expect(sent[1]).toEqual(sent[0]);
});

it("the same message id from another port or another address is another message", () => {
  const { layer, handled } = openLayer();
  layer.receive(aRequest(), PEER);
  layer.receive(aRequest(), { ...PEER, port: PEER.port + 1 });
  layer.receive(aRequest(), { ...PEER, address: "192.0.2.2" });
  expect(handled).toHaveLength(3);
});

it("a request under way is remembered however many others are answered meanwhile", async () => {
  const { layer, handled, sentAtLeast } = openLayer({ repeats: 2 });
  layer.receive(aRequest(1), PEER);
  for (let messageId = 2; messageId < 8; messageId += 1) {
    layer.receive(aRequest(messageId), PEER);
    handled.at(-1)?.answer("2.05");
  }
  await sentAtLeast(6);
  layer.receive(aRequest(1), PEER);
  expect(handled).toHaveLength(7);
});

it("a request beyond those that may be under way is answered 5.03 with Max-Age, and is run when it comes again later", async () => {
  const { layer, handled, sentAtLeast } = openLayer({ inFlight: 1 });
  layer.receive(aRequest(1), PEER);
  layer.receive(aRequest(2), PEER);
  const [busy] = await sentAtLeast(1);
  expect(busy).toMatchObject({ code: "5.03", messageId: 2, options: [{ name: "Max-Age" }] });
  handled[0]?.answer("2.05");
  await sentAtLeast(2);
  await layer.drain();
  expect(handled).toHaveLength(1);
});

it("an answer that takes long is announced by an empty acknowledgement and sent as a CON until it is acknowledged", async () => {
  const { layer, handled, sent, sentAtLeast } = openLayer({ piggybackMs: 1, ackTimeoutMs: 5 });
  layer.receive(aRequest(), PEER);
  expect(await sentAtLeast(1)).toMatchObject([{ ack: true, code: "0.00", messageId: 7 }]);
  handled[0]?.answer("2.05", Buffer.from("late"));
  const [, first, second, third] = await sentAtLeast(4);
  expect(first).toMatchObject({ confirmable: true, code: "2.05", token: TOKEN, payload: Buffer.from("late") });
  expect([second, third]).toEqual([first, first]);
  layer.receive(generate({ code: "0.00", ack: true, messageId: first?.messageId ?? 0 }), PEER);
  const before = sent.length;
  layer.receive(aRequest(), PEER);
  expect(sent.slice(before).map((datagram) => parse(datagram))).toMatchObject([{ ack: true, code: "0.00" }]);
  await layer.drain();
});

it("a separate answer that nobody acknowledges is sent five times in all", async () => {
  const { layer, handled, sent, sentAtLeast } = openLayer({ ackTimeoutMs: 1 });
  layer.receive(aRequest(), PEER);
  handled[0]?.request.acknowledge();
  handled[0]?.answer("2.05");
  await sentAtLeast(6);
  // As long as the five took together: a sixth would have come within twice the last wait.
  await new Promise((done) => setTimeout(done, 60));
  expect(sent).toHaveLength(6);
  await layer.drain();
});

it("a RST ends the sending as an acknowledgement does", async () => {
  const { layer, handled, sent, sentAtLeast } = openLayer({ ackTimeoutMs: 5 });
  layer.receive(aRequest(), PEER);
  handled[0]?.request.acknowledge();
  handled[0]?.answer("2.05");
  const [, separate] = await sentAtLeast(2);
  layer.receive(generate({ code: "0.00", reset: true, messageId: separate?.messageId ?? 0 }), PEER);
  const before = sent.length;
  await new Promise((done) => setTimeout(done, 40));
  expect(sent).toHaveLength(before);
});

it("a separate refusal is sent once, as a NON: its sender may be forged", async () => {
  const { layer, handled, sentAtLeast } = openLayer({ ackTimeoutMs: 1 });
  layer.receive(aRequest(), PEER);
  handled[0]?.request.acknowledge();
  handled[0]?.answer("4.01");
  const [, refusal] = await sentAtLeast(2);
  expect(refusal).toMatchObject({ confirmable: false, ack: false, code: "4.01", token: TOKEN });
});

it("draining waits for the answers that are due and lets nothing new in", async () => {
  const { layer, handled, sent } = openLayer();
  layer.receive(aRequest(1), PEER);
  const drained = layer.drain();
  layer.receive(aRequest(2), PEER);
  handled[0]?.answer("2.05");
  await drained;
  expect(handled).toHaveLength(1);
  expect(sent).toHaveLength(1);
});

describe("a notification", () => {
  /** A request that was answered, and the way to notify its sender. */
  async function anAnsweredRequest(given: Partial<MessageLimits> = {}) {
    const bench = openLayer(given);
    bench.layer.receive(aRequest(), PEER);
    bench.handled[0]?.answer("2.05");
    await bench.sentAtLeast(1);
    const leaving = new AbortController();
    const notify = (text: string) =>
      bench.handled[0]?.request.notify({ code: "2.05", payload: Buffer.from(text) }, leaving.signal);
    const last = () => parse(bench.sent.at(-1) ?? Buffer.alloc(0));
    const settle = (how: { ack?: boolean; reset?: boolean }, messageId = last().messageId) =>
      bench.layer.receive(generate({ code: "0.00", messageId, ...how }), PEER);
    return { ...bench, leaving, notify, last, settle };
  }

  it("is a CON with the token of the request and a message id of its own, whatever the request was", async () => {
    const { layer, handled, sent } = openLayer();
    layer.receive(aRequest(7, false), PEER);
    void handled[0]?.request.notify({ code: "2.05" }, new AbortController().signal);
    void handled[0]?.request.notify({ code: "2.05" }, new AbortController().signal);
    const [first, second] = sent.map((datagram) => parse(datagram));
    expect(first).toMatchObject({ confirmable: true, code: "2.05", token: TOKEN });
    expect(second?.messageId).toBe(((first?.messageId ?? 0) + 1) & 0xffff);
  });

  it("ends with its acknowledgement, its rejection, or after five sendings that nobody answers", async () => {
    const { notify, settle, sent } = await anAnsweredRequest({ ackTimeoutMs: 1 });
    const acknowledged = notify("one");
    settle({ ack: true });
    expect(await acknowledged).toBe("acknowledged");
    const rejected = notify("two");
    settle({ reset: true });
    expect(await rejected).toBe("rejected");
    const before = sent.length;
    expect(await notify("three")).toBe("unanswered");
    expect(sent.length - before).toBe(5);
  });

  it("is not ended by the acknowledgement of another one, or from another place", async () => {
    const { layer, notify, settle, last } = await anAnsweredRequest();
    const first = notify("one");
    const { messageId } = last();
    void notify("two");
    settle({ ack: true });
    layer.receive(generate({ code: "0.00", ack: true, messageId }), { ...PEER, port: 1 });
    expect(await Promise.race([first, "waiting"])).toBe("waiting");
    settle({ ack: true }, messageId);
    expect(await first).toBe("acknowledged");
  });

  it("is sent no more when its sending is ended", async () => {
    const { notify, leaving, sent } = await anAnsweredRequest({ ackTimeoutMs: 5 });
    const delivery = notify("one");
    leaving.abort();
    expect(await delivery).toBe("unanswered");
    const before = sent.length;
    expect(await notify("two")).toBe("unanswered");
    await new Promise((done) => setTimeout(done, 40));
    expect(sent).toHaveLength(before);
  });
});

it("an answer whose delivery matters is a CON of its own behind an empty acknowledgement", async () => {
  const { layer, handled, sentAtLeast } = openLayer();
  layer.receive(aRequest(), PEER);
  const delivered = new Promise((done) => handled[0]?.answer("2.05", undefined, { onDelivery: done }));
  const [empty, answer] = await sentAtLeast(2);
  expect(empty).toMatchObject({ ack: true, code: "0.00", messageId: 7 });
  expect(answer).toMatchObject({ confirmable: true, ack: false, code: "2.05", token: TOKEN });
  layer.receive(generate({ code: "0.00", ack: true, messageId: answer?.messageId ?? 0 }), PEER);
  expect(await delivered).toBe("acknowledged");
});

it("a large answer is repeated to the very request, and to nothing that merely bears its message id", async () => {
  const { layer, handled, sent, sentAtLeast } = openLayer();
  layer.receive(aRequest(), PEER);
  handled[0]?.answer("2.05", Buffer.alloc(200));
  await sentAtLeast(1);
  await layer.drain();
  layer.receive(aRequest(), PEER);
  expect(sent).toHaveLength(2);
  layer.receive(generate({ code: "POST", confirmable: true, messageId: 7, token: Buffer.of(9) }), PEER);
  expect(sent).toHaveLength(2);
});
