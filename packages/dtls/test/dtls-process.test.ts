import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { PskKeys } from "@trine/core/auth";
import { createRecordingRecorder } from "@trine/testkit/conformance";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createDtlsConnector, type DtlsClient } from "../src/client/index.ts";
import { type DtlsServer, type DtlsSession, type FrontLimits, startDtls } from "../src/index.ts";

const KEY = Buffer.from("C23C6244A83512178DC4F7F930E27A07");
const device = { productKey: "a1b2C3d4E5f", deviceName: "device_01" } as never;
const other = { productKey: "a1b2C3d4E5f", deviceName: "device_02" } as never;
const pskKeys: PskKeys = {
  async find(identity) {
    if (identity === "nobody") return undefined;
    return { device: identity === "another" ? other : device, keys: [{ key: KEY, secretVersion: 1 }] };
  },
};
const limits: FrontLimits = {
  sessions: 100,
  handshakes: 50,
  hellosPerSecond: 1_000,
  datagramBytes: 1_500,
  identityBytes: 128,
  handshakeMs: 20_000,
  idleMs: 60_000,
  unprovenIdleMs: 60_000,
};

let server: DtlsServer;
let recorder: ReturnType<typeof createRecordingRecorder>;
let sessions: DtlsSession[];
let ended: DtlsSession[];
let clients: DtlsClient[];

beforeEach(async () => {
  clients = [];
  await start();
});

async function start(given: Partial<FrontLimits> = {}): Promise<void> {
  recorder = createRecordingRecorder();
  [sessions, ended] = [[], []];
  const started = await startDtls({
    host: "127.0.0.1",
    port: 0,
    setting: "TRINE_COAPS_PORT",
    mtu: 1_280,
    legacy: true,
    limits: { ...limits, ...given },
    pskKeys,
    recorder,
    transport: "coaps",
    on: {
      datagram(session, datagram) {
        sessions.push(session);
        server.send(session, Buffer.from(`echo ${datagram}`));
      },
      ended: (session) => void ended.push(session),
    },
  });
  if (!("port" in started)) throw new Error(started.missing);
  server = started;
}
afterEach(async () => {
  await Promise.all(clients.map((client) => client.abandon()));
  await server.stop();
});

/** Greets, says something and waits for the echo. */
async function greet(
  given: { port?: number; key?: Buffer; identity?: string; timeoutMs?: number } = {},
): Promise<string> {
  const { port = server.port, key = KEY, identity = "somebody", timeoutMs = 8_000 } = given;
  const connect = await createDtlsConnector({ suites: "PSK-AES128-CBC-SHA" });
  let heard: (text: string) => void;
  const echo = new Promise<string>((done) => {
    heard = done;
  });
  const client = await connect({
    port,
    psk: { identity, key },
    timeoutMs,
    onDatagram: (plain) => heard(plain.toString()),
  });
  clients.push(client);
  client.send(Buffer.from("hello"));
  return echo;
}

it("a device with its key is let in, and its session says which device it is", async () => {
  expect(await greet()).toBe("echo hello");
  expect(sessions[0]).toMatchObject({ address: "127.0.0.1", proof: { kind: "psk", device, secretVersion: 1 } });
});

it("a device keeps its last four sessions; older ones end", async () => {
  for (let count = 0; count < 6; count += 1) await greet();
  await expect.poll(() => ended.map(({ id }) => id)).toEqual(sessions.slice(0, 2).map(({ id }) => id));
  expect(await greet({ identity: "another" })).toBe("echo hello");
  expect(ended).toHaveLength(2);
});

it("a wrong key and the identity of nobody look alike", async () => {
  const wrong = await greet({ key: Buffer.from("wrong"), timeoutMs: 1_500 }).catch((error: Error) => error.message);
  const nobody = await greet({ identity: "nobody", timeoutMs: 1_500 }).catch((error: Error) => error.message);
  expect(wrong).not.toBe("echo hello");
  expect(nobody).toBe(wrong);
});

it("hellos of one address beyond those of a second get no answer, and get one again a second later", async () => {
  await server.stop();
  await start({ hellosPerSecond: 2 });
  const flood = createSocket("udp4");
  const hello = await aHello();
  for (let index = 0; index < 20; index += 1) flood.send(hello, server.port, "127.0.0.1");
  await expect.poll(() => recorder.drops.filter(({ reason }) => reason === "hello_rate").length).toBeGreaterThan(15);
  flood.close();
  expect(await greet({ timeoutMs: 10_000 })).toBe("echo hello");
});

it("a process that is killed is started again on its port, and the next device gets in", async () => {
  await greet();
  const { pid } = server;
  process.kill(pid ?? 0, "SIGKILL");
  await expect.poll(() => server.pid !== undefined && server.pid !== pid, { timeout: 10_000 }).toBe(true);
  expect(await greet()).toBe("echo hello");
  expect(recorder.faults.map(({ where }) => where)).toContain("dtls_process");
});

it("handshakes end although every fourth datagram is lost, each way", async () => {
  const lossy = createSocket("udp4");
  const inner = createSocket("udp4");
  let device: { port: number; address: string } | undefined;
  let count = 0;
  const isLost = () => {
    count += 1;
    return count % 4 === 0;
  };
  lossy.on("message", (datagram, from) => {
    device = from;
    if (!isLost()) inner.send(datagram, server.port, "127.0.0.1");
  });
  inner.on("message", (datagram) => {
    if (device && !isLost()) lossy.send(datagram, device.port, device.address);
  });
  lossy.bind(0, "127.0.0.1");
  inner.bind(0, "127.0.0.1");
  await Promise.all([once(lossy, "listening"), once(inner, "listening")]);
  const connect = await createDtlsConnector({ suites: "PSK-AES128-CBC-SHA" });
  const client = await connect({
    port: lossy.address().port,
    psk: { identity: "somebody", key: KEY },
    timeoutMs: 20_000,
  });
  clients.push(client);
  expect(client.suite).toContain("PSK");
  lossy.close();
  inner.close();
});

it("a port that is taken is one line that names the setting", async () => {
  const again = startDtls({
    host: "127.0.0.1",
    port: server.port,
    setting: "TRINE_COAPS_PORT",
    mtu: 1_280,
    legacy: true,
    limits,
    pskKeys,
    recorder,
    transport: "coaps",
    on: { datagram: () => undefined, ended: () => undefined },
  });
  await expect(again).rejects.toThrow(/TRINE_COAPS_PORT/);
});

/** The first datagram of a device that greets. */
async function aHello(): Promise<Buffer> {
  const listener = createSocket("udp4").bind(0, "127.0.0.1");
  await once(listener, "listening");
  const connect = await createDtlsConnector({ suites: "PSK-AES128-CBC-SHA" });
  const { port } = listener.address();
  const nobody = connect({ port, psk: { identity: "somebody", key: KEY }, timeoutMs: 500 }).catch(() => undefined);
  const [hello] = (await once(listener, "message")) as [Buffer];
  await nobody;
  listener.close();
  return hello;
}
