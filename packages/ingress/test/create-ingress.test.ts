import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { createMetrics, type Metrics } from "@trine/runtime";
import { createRecordingRecorder } from "@trine/testkit/conformance";
import { captureHello, makeTempFolder } from "@trine/testkit/servers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { createIngress, type Inbound, type Ingress, ingressSettings, type ListenerOptions } from "../src/index.ts";

const WAIT = { timeout: 8_000 };

let folder: Awaited<ReturnType<typeof makeTempFolder>>;
let ingress: Ingress | undefined;
let metrics: Metrics;
let taken: Inbound[];
const sockets: Socket[] = [];

beforeAll(async () => {
  folder = await makeTempFolder("ingress");
});
afterAll(() => folder.remove());
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const { stream } of taken) stream.destroy();
  await ingress?.close();
});

/** Opens an ingress that notes what is taken, with a certificate where TLS is spoken. */
async function anIngress(settings: Record<string, string> = {}): Promise<Ingress> {
  [taken, metrics] = [[], createMetrics("test")];
  const recorder = createRecordingRecorder();
  ingress = await createIngress({
    settings: ingressSettings.parse(settings),
    platform: { recorder, pskKeys: { find: async () => undefined }, mayAccept: () => true },
    logger: { info: () => undefined, warn: () => undefined } as never,
    metrics,
    dataFolder: folder.path,
  });
  return ingress;
}

const listen = (on: Ingress, tls: ListenerOptions["tls"] = "also") =>
  on.listen({
    host: "127.0.0.1",
    port: 0,
    setting: "TRINE_MQTT_PORT",
    tls,
    receivers: { binary: (inbound) => void taken.push(inbound) },
  });

function dial(port: number, localAddress = "127.0.0.1"): Socket {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.on("error", () => undefined);
  sockets.push(socket);
  return socket;
}

const closed = (socket: Socket) => new Promise((done) => socket.resume().once("close", done));

async function refused(why: string): Promise<number> {
  const { values } = await metrics.ingressRefused.get();
  return values.find(({ labels }) => labels.why === why)?.value ?? 0;
}

it("a connection beyond those that one address may have is closed unread, whatever ports the others came to", async () => {
  const opened = await anIngress({ TRINE_CONNECTIONS_PER_ADDRESS: "2" });
  const [one, other] = [await listen(opened), await listen(opened)];
  for (const { port } of [one, other]) dial(port).write("\x10");
  await expect.poll(() => taken.length, WAIT).toBe(2);
  await closed(dial(one.port));
  expect(await refused("too_many")).toBe(1);
  dial(one.port, "127.0.0.2").write("\x10");
  await expect.poll(() => taken.length, WAIT).toBe(3);
});

it("a connection that has gone makes room for one of its address", async () => {
  const opened = await anIngress({ TRINE_CONNECTIONS_PER_ADDRESS: "1" });
  const { port } = await listen(opened);
  const first = dial(port);
  first.write("\x10");
  await expect.poll(() => taken.length, WAIT).toBe(1);
  first.destroy();
  taken[0]?.stream.resume();
  await expect
    .poll(async () => {
      dial(port).write("\x10");
      await new Promise((done) => setTimeout(done, 50));
      return taken.length;
    }, WAIT)
    .toBe(2);
});

it("who says nothing for the time of a first byte is cut", async () => {
  const opened = await anIngress({ TRINE_FIRST_BYTE_SECONDS: "1" });
  const { port } = await listen(opened);
  await closed(dial(port));
  expect(await refused("late")).toBe(1);
  expect(taken).toEqual([]);
});

it("a handshake that does not go on is cut after that time, and its place goes to the next", async () => {
  const opened = await anIngress({ TRINE_FIRST_BYTE_SECONDS: "2", TRINE_TLS_HANDSHAKES: "1" });
  const { port } = await listen(opened, "only");
  const stuck = dial(port);
  const cut = closed(stuck);
  stuck.write(await captureHello());
  await expect.poll(async () => (await metrics.tlsHandshakesInFlight.get()).values[0]?.value, WAIT).toBe(1);
  const next = connectTls({ port, host: "127.0.0.1", rejectUnauthorized: false });
  sockets.push(next);
  next.write("\x10");
  await once(next, "secureConnect");
  await cut;
  await expect.poll(() => taken.length, WAIT).toBe(1);
});

it("a listener that stops closes what nobody has taken yet of its own, and nothing else", async () => {
  const opened = await anIngress();
  const [one, other] = [await listen(opened), await listen(opened)];
  const [waiting, elsewhere, served] = [dial(one.port), dial(other.port), dial(one.port)];
  served.write("\x10");
  await expect.poll(() => taken.length, WAIT).toBe(1);
  await expect.poll(async () => (await metrics.ingressWaiting.get()).values[0]?.value, WAIT).toBe(2);
  const cut = closed(waiting);
  await one.stop();
  await cut;
  elsewhere.write("\x10");
  await expect.poll(() => taken.length, WAIT).toBe(2);
  taken[0]?.stream.write("still here");
  expect(String((await once(served, "data"))[0])).toBe("still here");
  await closed(dial(one.port));
});

it("a listener of one protocol takes what begins with letters as well, but from a trusted proxy only with its header", async () => {
  const opened = await anIngress({ TRINE_TRUSTED_PROXIES: "127.0.0.2" });
  const { port } = await opened.listen({
    host: "127.0.0.1",
    port: 0,
    setting: "TRINE_TEST_PORT",
    tls: "never",
    receivers: { any: (inbound) => void taken.push(inbound) },
  });
  dial(port).write("WORDS");
  await expect.poll(() => taken.length, WAIT).toBe(1);
  const unsaid = dial(port, "127.0.0.2");
  unsaid.write("WORDS");
  await closed(unsaid);
  expect(await refused("no_proxy_header")).toBe(1);
  dial(port, "127.0.0.2").write("PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\nWORDS");
  await expect.poll(() => taken[1]?.peer, WAIT).toBe("192.0.2.7");
});
