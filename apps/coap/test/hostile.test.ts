import { setImmediate as turn } from "node:timers/promises";
import { REFUSALS, type RefusalCode, refuse } from "@trine/core/auth";
import { createInTurn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import { findVector } from "@trine/vectors";
import { type Option, parse } from "coap-packet";
import fc from "fast-check";
import { beforeEach, describe, expect, it } from "vitest";
import { createBlockwise } from "../src/blockwise.ts";
import { createDownloads } from "../src/downloads.ts";
import type { MessageBody } from "../src/json-body.ts";
import { createMessageLayer, type MessageLimits } from "../src/message-layer.ts";
import { createObservers } from "../src/observers.ts";
import { answer } from "../src/router.ts";
import { block1, datagramOf, option } from "./raw-client.ts";
import { createVectorGateway } from "./vector-gateway.ts";

const PEER = { address: "192.0.2.1", port: 40_000 };
const LIMITS: MessageLimits = { repeats: 100, inFlight: 10, notifications: 10, piggybackMs: 1000 };
const LOGIN = Buffer.from(String(findVector("coap-auth-c320-B").outputs["requestHex"]), "hex");
const PUBLISH = Buffer.from(String(findVector("coap-aes-B").outputs["publishRequestHex"]), "hex");

let platform: Platform;

beforeEach(async () => {
  platform = (await createVectorGateway()).platform;
});

/** Gives datagrams to an adapter without a socket, and answers what it sent for each, once it has done with all of them. */
async function answersTo(
  datagrams: readonly Buffer[],
  { on = platform, limits = LIMITS, symmetric = true } = {},
): Promise<Buffer[]> {
  const sent: Buffer[] = [];
  const blockwise = createBlockwise({ uploads: 10, bytes: 100_000, idleMs: 60_000 });
  const downloads = createDownloads<MessageBody>({ bytes: 100_000, idleMs: 60_000 });
  const deps = {
    platform: on,
    blockwise,
    downloads,
    observers: createObservers({ platform: on, downloads }, { max: 10, transferMs: 60_000, retryMs: 1_000 }),
    stopping: new AbortController().signal,
    queue: createInTurn(),
    payloadBytes: 65_536,
    symmetric,
    registersInClear: false,
  };
  const layer = createMessageLayer(limits, {
    send: (datagram) => void sent.push(datagram),
    handle: (request) => answer(deps, request),
  });
  for (const datagram of datagrams) {
    layer.receive(datagram, PEER);
    // Nothing here does I/O, so it is answered within this turn, and the next one may be its repeat.
    await turn();
  }
  await layer.drain();
  return sent;
}

function bytesOf(datagrams: readonly Buffer[]): number {
  return datagrams.reduce((sum, { length }) => sum + length, 0);
}

describe("whatever comes in", () => {
  const noise = fc.uint8Array({ maxLength: 300, size: "max" }).map((bytes) => Buffer.from(bytes));
  const spoiled = fc
    .tuple(fc.constantFrom(LOGIN, PUBLISH), fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 6 }))
    .map(([whole, changes]) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      return bytes;
    });
  const cutOff = fc
    .tuple(fc.constantFrom(LOGIN, PUBLISH), fc.nat())
    .map(([whole, at]) => whole.subarray(0, at % whole.length));
  const framed = fc
    .tuple(fc.constantFrom(0x40, 0x50, 0x60, 0x70, 0x48), fc.constantFrom(0, 1, 2, 3, 5, 0x45), noise)
    .map(([first, code, rest]) => Buffer.concat([Buffer.of(first, code, 0, 1), rest]));

  it("no datagram makes the adapter throw, and none gets more than three times its bytes", async () => {
    const anything = fc.oneof(noise, spoiled, cutOff, framed);
    await fc.assert(
      fc.asyncProperty(anything, async (datagram) => {
        const sent = await answersTo([datagram]);
        expect(bytesOf(sent)).toBeLessThanOrEqual(3 * datagram.length);
      }),
      { numRuns: 1000 },
    );
  });

  it("what is sent is a message that can be read", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.oneof(spoiled, framed), { maxLength: 10 }), async (datagrams) => {
        for (const datagram of await answersTo(datagrams)) expect(() => parse(datagram)).not.toThrow();
      }),
    );
  });

  it.each([
    ["an option that is longer than the datagram", "40020001bd61"],
    ["a token that is longer than the datagram", "4402000101"],
    ["a token of nine bytes", "49020001010203040506070809"],
    ["the reserved option length", "400200010f"],
    ["a payload marker with nothing behind it", "40020001b461757468ff"],
    ["an empty message with something behind it", "4000000101"],
    ["a response that nobody asked for", "40450001"],
    ["a ping", "40000001"],
  ])("%s is reset when it is confirmable, else ignored", async (_name, hex) => {
    const datagram = Buffer.from(hex, "hex");
    expect((await answersTo([datagram])).map((sent) => sent.toString("hex"))).toEqual(["70000001"]);
    datagram[0] = (datagram[0] ?? 0) | 0x10;
    expect(await answersTo([datagram])).toEqual([]);
  });
});

describe("a sender who has not logged in never gets more than three times what it sent", () => {
  const TOKENS = [Buffer.alloc(0), Buffer.alloc(8, 1)];
  const PATHS = ["", "auth", "auth/register/device", "topic", "topic/a", "mailbox", "pull", ".well-known/core"];
  /** Whether the message is a CON, and whether it comes to the port for sealed payloads. */
  const EITHER_PORT = [
    [true, true],
    [true, false],
    [false, true],
  ] as const;
  const OPTIONS: readonly (readonly Option[])[] = [
    [],
    [block1(0, true, 0)],
    [block1(9, false, 0)],
    [block1(0xffff, true)],
    [option("Accept", Buffer.of(41))],
    [option("Content-Format", Buffer.of(99))],
    [option("Observe", Buffer.alloc(0))],
    [option(9001, Buffer.alloc(0))],
    [option(2088, "x")],
  ];

  it("by any method on any path with any option, whole or repeated", async () => {
    const bodies = [undefined, Buffer.of(1), Buffer.alloc(16, 1)];
    let asked = 0;
    for (const [confirmable, symmetric] of EITHER_PORT)
      for (const method of ["GET", "POST", "PUT", "DELETE", "0.31"])
        for (const path of PATHS)
          for (const options of OPTIONS)
            for (const token of TOKENS)
              for (const payload of bodies) {
                const given = { method, path, options, token, confirmable, ...(payload ? { payload } : {}) };
                const datagram = datagramOf(given, 1);
                await expectBounded(
                  Array.from({ length: 3 }, () => datagram),
                  { symmetric },
                );
                asked += 1;
              }
    expect(asked).toBe(EITHER_PORT.length * 5 * PATHS.length * OPTIONS.length * TOKENS.length * bodies.length);
  });

  it.each(Object.keys(REFUSALS) as RefusalCode[])(
    "by a login that is refused as %s, answered at once or separately",
    async (code) => {
      const refusing = refusingPlatform(code);
      for (const ackMode of [{}, { ackMode: "1" }]) {
        const login = { productKey: "a1b2C3d4E5f", deviceName: "abcd", sign: "0".repeat(32), ...ackMode };
        const datagram = datagramOf({ path: "auth", payload: Buffer.from(JSON.stringify(login)) }, 1);
        await expectBounded([datagram], { on: refusing });
        await expectBounded([datagram, datagram, datagram], { on: refusing });
      }
    },
  );

  it("by a message that finds every place taken", async () => {
    const smallest = Buffer.from("40010001", "hex");
    await expectBounded([smallest], { limits: { ...LIMITS, inFlight: 0 } });
  });

  it("by the small repeat of a message whose answer was large", async () => {
    const tiny = Buffer.concat([Buffer.of(0x40, 2), LOGIN.subarray(2, 4)]);
    const sent = await answersTo([LOGIN, tiny, LOGIN]);
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
  });

  async function expectBounded(datagrams: Buffer[], how: Parameters<typeof answersTo>[1] = {}): Promise<void> {
    const sent = await answersTo(datagrams, how);
    if (bytesOf(sent) > 3 * bytesOf(datagrams)) {
      expect.fail(`${datagrams[0]?.toString("hex")} got ${sent.map((datagram) => datagram.toString("hex"))}`);
    }
  }
});

/** A core that refuses every login alike; nothing else of it is asked. */
function refusingPlatform(code: RefusalCode): Platform {
  return { ...platform, authenticator: { authenticate: async () => refuse(code, "test", { retryAfterMs: 90_000 }) } };
}
