import { once } from "node:events";
import { type AuthAttempt, type MacAttempt, refuse, type Session } from "@trine/core/auth";
import { type DeviceRef, parseDeviceRef, Secret } from "@trine/core/certificate";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpSettings, startHttp } from "../src/index.ts";
import { anIngress, PROXY } from "./an-ingress.ts";
import { ask, CHANNELS, type Channel, exchange, open, post } from "./raw-exchange.ts";

const TOKEN = "token";
const TOPIC = "/topic/pk/dn/user/update";
const HEAD = `POST ${TOPIC} HTTP/1.1\r\nHost: h\r\npassword: ${TOKEN}\r\nContent-Type: application/octet-stream\r\n`;
const GOOD = post(TOPIC, { password: TOKEN, "Content-Type": "application/octet-stream" }, "good").toString();
const DEVICE = parseDeviceRef("a1b2C3d4E5f", "lamp") as DeviceRef;
const CHAIN = [Buffer.from("certificate")] as const;

let adapter: RunningAdapter;
let published: string[];
let peers: string[];
let attempts: AuthAttempt[];
let faults: unknown[];
/** Until then nothing is stored. */
let stored: Promise<void> | undefined;

/** Only what the adapter asks of it. */
function aPlatform(): Platform {
  const session = { sessionId: "s1", device: DEVICE } as unknown as Session;
  return {
    authenticator: {
      async authenticate(attempt: AuthAttempt) {
        attempts.push(attempt);
        return { ...session, token: { text: new Secret(TOKEN), expiresAtMs: 0 } };
      },
    },
    sessions: {
      async resume(token: string, { peer }: { peer: string }) {
        peers.push(peer);
        return token === TOKEN ? session : refuse("token_invalid", "unknown");
      },
    },
    uplink: {
      async accept(_session: Session, { payload }: { payload: Buffer }) {
        published.push(payload.toString());
        await stored;
        return { messageId: "1" };
      },
    },
    recorder: { fault: (_where: string, error: unknown) => faults.push(error), dropped: () => undefined },
    mayServe: () => true,
    hold: () => () => undefined,
  } as unknown as Platform;
}

async function start(given: Partial<Record<string, string>> = {}): Promise<void> {
  const settings = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_HTTP_PORT: "0", TRINE_HTTPS_PORT: "0", ...given };
  adapter = await startHttp(aPlatform(), httpSettings.parse(settings), anIngress({ kind: "x509", chain: CHAIN }));
}

const portOf = (channel: Channel) => adapter.ports[`TRINE_${channel}_PORT`] ?? 0;

beforeEach(async () => {
  published = [];
  peers = [];
  attempts = [];
  faults = [];
  stored = undefined;
  await start();
});
afterEach(async () => {
  await adapter.stop();
  expect(faults).toEqual([]);
});

describe.each(CHANNELS)("over %s", (channel) => {
  const send = (bytes: string) => exchange(portOf(channel), bytes, channel);

  it.each([
    ["a length and chunks at once", `${HEAD}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${GOOD}`],
    ["two lengths", `${HEAD}Content-Length: 4\r\nContent-Length: 5\r\n\r\ngood!`],
    ["a length with a sign", `${HEAD}Content-Length: +4\r\n\r\ngood`],
    ["a length in hex", `${HEAD}Content-Length: 0x4\r\n\r\ngood`],
    ["a folded header", `${HEAD}X-Folded: a\r\n b\r\nContent-Length: 4\r\n\r\ngood`],
    ["a blank before the colon", `${HEAD}Content-Length : 4\r\n\r\ngood`],
    ["chunks of no size", `${HEAD}Transfer-Encoding: chunked\r\n\r\nxyz\r\ngood\r\n0\r\n\r\n`],
    ["chunks of a size beyond everything", `${HEAD}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n`],
    ["a coding behind the chunks", `${HEAD}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n`],
    ["lines that end in LF alone", `${HEAD.replaceAll("\r\n", "\n")}Content-Length: 4\n\ngood`],
    ["a NUL in a header", `${HEAD}X-Nul: a\0b\r\nContent-Length: 4\r\n\r\ngood`],
    ["a head of 16 KB", `${HEAD}X-Long: ${"x".repeat(16_384)}\r\nContent-Length: 4\r\n\r\ngood`],
    ["no HTTP", "HELP ME\r\n\r\n"],
  ])("a request with %s is none: it is answered 400, and the connection ends", async (_what, bytes) => {
    const socket = open(portOf(channel), channel);
    let raw = "";
    socket.on("data", (part) => {
      raw += part;
    });
    // A reset may follow the answer, for what was not read.
    socket.on("error", () => undefined);
    socket.write(bytes);
    await once(socket, "close");
    expect(raw).toMatch(/^(?:|HTTP\/1\.1 400 Bad Request\r\n[\s\S]*\r\n\r\n{"code":10001,"message":"param error"})$/);
    expect(published).toEqual([]);
  });

  it("what follows a good request and is none ends the connection, and is not taken for a part of it", async () => {
    const socket = open(portOf(channel), channel).resume();
    socket.on("error", () => undefined);
    socket.write(`${GOOD}nonsense\r\n\r\n`);
    await once(socket, "close");
    expect(published.length).toBeLessThanOrEqual(1);
  });

  it("a body in chunks is taken whole", async () => {
    expect((await send(`${HEAD}Transfer-Encoding: chunked\r\n\r\n2\r\ngo\r\n2\r\nod\r\n0\r\n\r\n`)).code).toBe("0");
    expect(published).toEqual(["good"]);
  });

  it("a request to upgrade is answered as any other", async () => {
    const asked = ask("GET", "/", { Connection: "Upgrade", Upgrade: "websocket", "Sec-WebSocket-Key": "x" });
    expect((await send(asked)).code).toBe("10001");
  });
});

it("a message that waited for its turn is taken, where it came from is known, when its device has hung up meanwhile", async () => {
  let store = () => {};
  stored = new Promise((done) => {
    store = done;
  });
  const socket = open(portOf("HTTP"));
  socket.write(`${GOOD}${GOOD}`);
  await expect.poll(() => published).toEqual(["good"]);
  socket.resetAndDestroy();
  await once(socket, "close");
  // Behind the answer on another connection the gateway has noticed.
  expect((await exchange(portOf("HTTP"), ask("GET", "/", {}))).code).toBe("10001");
  store();
  await expect.poll(() => published).toEqual(["good", "good"]);
  expect(peers).toEqual(["127.0.0.1", "127.0.0.1"]);
});

it("connections beyond the limit are closed unread", async () => {
  await adapter.stop();
  await start({ TRINE_HTTP_CONNECTIONS: "1" });
  const first = open(portOf("HTTP"));
  first.write(GOOD);
  await once(first, "data");
  expect(await exchange(portOf("HTTP"), GOOD)).toMatchObject({ raw: "", code: "closed" });
  first.destroy();
  await once(first, "close");
  await expect.poll(async () => (await exchange(portOf("HTTP"), GOOD)).code).toBe("0");
});

it("what stands in X-Forwarded-For is believed of a trusted proxy only", async () => {
  const forwarded = GOOD.replace("\r\n", "\r\nX-Forwarded-For: 203.0.113.9, 198.51.100.7\r\n");
  expect((await exchange(portOf("HTTP"), forwarded)).code).toBe("0");
  const socket = open(portOf("HTTP"), "HTTP", PROXY);
  socket.write(forwarded);
  await once(socket, "data");
  socket.destroy();
  expect(peers).toEqual(["127.0.0.1", "198.51.100.7"]);
});

describe("a login without a sign over a connection with a certificate", () => {
  const logIn = (body: unknown, channel: Channel = "HTTPS") =>
    exchange(portOf(channel), post("/auth", { "Content-Type": "application/json" }, JSON.stringify(body)), channel);
  const ANSWER = `{"code":0,"message":"success","info":{"token":"${TOKEN}","productKey":"${DEVICE.productKey}","deviceName":"lamp"}}`;

  it("is left to the certificate, and the device is told who it is", async () => {
    expect((await logIn({})).body).toBe(ANSWER);
    expect((await logIn(DEVICE)).body).toBe(ANSWER);
    const common = { x509: CHAIN, transport: "http", peer: "127.0.0.1", keep: "token" };
    expect(attempts).toMatchObject([common, { ...common, device: DEVICE }]);
  });

  it("that names no device well is a parameter error", async () => {
    for (const body of [{ productKey: DEVICE.productKey }, { deviceName: "lamp" }, { ...DEVICE, deviceName: "a/b" }])
      expect((await logIn(body)).code).toBe("10001");
    expect(attempts).toEqual([]);
  });

  it("with a sign is judged by that, and says over which channel it came", async () => {
    await logIn({ ...DEVICE, clientId: "c", sign: "ab".repeat(16) });
    expect((attempts[0] as MacAttempt).channel).toEqual({ kind: "x509", chain: CHAIN });
  });
});
