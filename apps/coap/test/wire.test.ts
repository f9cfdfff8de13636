import { createSocket, type Socket } from "node:dgram";
import { once } from "node:events";
import { type AuthAttempt, refuse, type Session } from "@trine/core/auth";
import { computeMac, derivePayloadKey, macMatches, Secret, stringToSign } from "@trine/core/certificate";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { generate, parse } from "coap-packet";
import { afterEach, beforeEach, expect, it } from "vitest";
import { coapSettings, startCoap } from "../src/index.ts";

// Captured from the vendor's C SDK 3.2.0 (vectors coap-auth-c320-B, coap-aes-B).
const SECRET = new Secret("00112233445566778899aabbccddeeff");
const LOGIN =
  "4402d8f904030201b46175746811325132ff7b2270726f647563744b6579223a2261315249734d4c7a32424a222c226465766963654e616d65223a2270756d702d372e423a3340736974655f31222c22636c69656e744964223a2261315249734d4c7a32424a2e70756d702d372e423a3340736974655f31222c227369676e223a226530313865363263623234393763393635346330633230643336656233616333222c22736571223a2239373830227d";
const LOGIN_REPLY =
  "6445d8f904030201ff7b2272616e646f6d223a2230663165326433633462356136393738222c227365714f6666736574223a313230302c22746f6b656e223a22746f6b656e58595a303031303530306430302e62656566227d";
const PUBLISH =
  "4402d8fb06030201b5746f7069630b61315249734d4c7a32424a0d0470756d702d372e423a3340736974655f310475736572067570646174651132512add1f0a746f6b656e58595a303031303530306430302e62656566ed06df03590322c8d2ed649b26feddf688864643ffb6d593afec75fd2fd5ee5878bb216e600eb7baba03a451338a56b37f8a7890a5";

let adapter: RunningAdapter;
let socket: Socket;
let published: { topic: string; payload: Buffer }[];
let taken: number[];

/** Only what the adapter asks of it: the one device of the captures. */
function platformOfCaptures(): Platform {
  const random = "0f1e2d3c4b5a6978";
  const sealing = { random, seqOffset: 1200, key: derivePayloadKey(SECRET, random) };
  const token = { text: new Secret("tokenXYZ0010500d00.beef"), expiresAtMs: 0 };
  const session = { sessionId: "s1", sealing } as unknown as Session;
  return {
    authenticator: {
      authenticate: async ({ signMethod, signed, mac }: AuthAttempt) =>
        macMatches(computeMac(signMethod, SECRET, stringToSign(signed)), mac)
          ? { ...session, token }
          : refuse("bad_credentials", "mac"),
    },
    sessions: {
      resume: async (text: string) => (text === token.text.reveal() ? session : refuse("token_invalid", "unknown")),
      takeSequence: async (_token: string, seq: number) => {
        if (taken.includes(seq)) return refuse("replayed", "taken");
        taken.push(seq);
        return undefined;
      },
    },
    uplink: {
      accept: async (_session: Session, message: { topic: string; payload: Buffer }) => {
        published.push(message);
        return { messageId: "7" };
      },
    },
    recorder: { fault: () => undefined },
  } as unknown as Platform;
}

beforeEach(async () => {
  published = [];
  taken = [];
  const settings = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_COAP_PORT: "off", TRINE_COAP_SYMMETRIC_PORT: "0" };
  adapter = await startCoap(platformOfCaptures(), coapSettings.parse(settings));
  socket = createSocket("udp4");
});

afterEach(async () => {
  socket.close();
  await adapter.stop();
});

async function ask(datagram: Buffer): Promise<Buffer> {
  const answer = once(socket, "message");
  socket.send(datagram, adapter.ports["TRINE_COAP_SYMMETRIC_PORT"], "127.0.0.1");
  return (await answer)[0] as Buffer;
}

it("the captured login gets the captured reply, byte for byte", async () => {
  const login = Buffer.from(LOGIN, "hex");
  expect((await ask(login)).toString("hex")).toBe(LOGIN_REPLY);
});

it("the captured publish is opened, and its repeat is answered alike without a second run", async () => {
  const first = await ask(Buffer.from(PUBLISH, "hex"));
  expect(parse(first)).toMatchObject({ code: "2.05", ack: true, messageId: 0xd8fb });
  expect(await ask(Buffer.from(PUBLISH, "hex"))).toEqual(first);
  expect(taken).toEqual([1201]);
  expect(published.map(({ topic, payload }) => [topic, payload.toString()])).toEqual([
    ["/a1RIsMLz2BJ/pump-7.B:3@site_1/user/update", '{"name":"hello world"}'],
  ]);
});

it("a number that was taken is refused in a new message", async () => {
  await ask(Buffer.from(PUBLISH, "hex"));
  const again = Buffer.from(PUBLISH, "hex");
  again.writeUInt16BE(1, 2);
  expect(parse(await ask(again)).code).toBe("4.03");
});

it("a wrong MAC is refused without a payload", async () => {
  const login = Buffer.from(LOGIN.replace("65303138", "65303139"), "hex");
  expect((await ask(login)).toString("hex")).toBe("6481d8f904030201");
});

it("a stored reply is not sent to a repeat that is far smaller", async () => {
  await ask(Buffer.from(LOGIN, "hex"));
  socket.send(Buffer.from("4102d8f9aa", "hex"), adapter.ports["TRINE_COAP_SYMMETRIC_PORT"], "127.0.0.1");
  expect((await ask(Buffer.from("40000001", "hex"))).toString("hex")).toBe("70000001");
});

it("blocks that each bring a new token make one body", async () => {
  const body = parse(Buffer.from(LOGIN, "hex")).payload;
  const codes: string[] = [];
  for (let num = 0; num * 64 < body.length; num++) {
    const more = (num + 1) * 64 < body.length;
    const options = [
      { name: "Uri-Path", value: Buffer.from("auth") },
      { name: "Block1", value: Buffer.of((num << 4) | (more ? 8 : 0) | 2) },
    ];
    const payload = body.subarray(num * 64, (num + 1) * 64);
    const datagram = { code: "POST", confirmable: true, messageId: num, token: Buffer.of(num), options, payload };
    codes.push(parse(await ask(generate(datagram))).code);
  }
  expect(codes).toEqual([...codes.slice(1).map(() => "2.31"), "2.05"]);
});

it.each([
  ["an unknown path", "POST", "nowhere", [], "4.04"],
  ["another method", "GET", "auth", [], "4.05"],
  ["an unknown critical option", "POST", "auth", [{ name: "2091", value: Buffer.alloc(0) }], "4.02"],
  ["a body that is none", "POST", "auth", [], "4.00"],
])("%s is refused", async (_name, code, path, more, expected) => {
  const options = [{ name: "Uri-Path", value: Buffer.from(path) }, ...more];
  expect(parse(await ask(generate({ code, confirmable: true, messageId: 9, options }))).code).toBe(expected);
});
