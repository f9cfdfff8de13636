import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Server, type Socket } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createBackends } from "../src/backends.ts";
import { relay } from "../src/relay.ts";

const sockets: Socket[] = [];
const servers: Server[] = [];

/** A server that keeps what it accepts. */
async function listen(): Promise<{ port: number; accepted: () => Promise<Socket> }> {
  const server = createServer({ allowHalfOpen: true });
  servers.push(server.listen(0, "127.0.0.1"));
  const waiting: Socket[] = [];
  let wanted: ((socket: Socket) => void) | undefined;
  server.on("connection", (socket) => {
    sockets.push(socket);
    socket.on("error", () => undefined);
    if (wanted) wanted(socket);
    else waiting.push(socket);
  });
  await once(server, "listening");
  const accepted = () => {
    const socket = waiting.shift();
    return socket ? Promise.resolve(socket) : new Promise<Socket>((done) => (wanted = done));
  };
  return { port: (server.address() as AddressInfo).port, accepted };
}

afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

describe("backends", () => {
  const options = { setting: "TRINE_FRONT_MQTT", withinMs: 1_000 };

  it("take turns, and one that does not answer is passed over", async () => {
    const [one, other] = [await listen(), await listen()];
    const backends = createBackends(`127.0.0.1:${one.port}, 127.0.0.1:1, 127.0.0.1:${other.port}`, options);
    const ports: (number | undefined)[] = [];
    for (let i = 0; i < 4; i += 1) {
      const socket = await backends.connect();
      if (socket) sockets.push(socket);
      ports.push(socket?.remotePort);
    }
    expect(ports).toEqual([one.port, other.port, other.port, one.port]);
  });

  it("are none when nobody answers", async () => {
    expect(await createBackends("127.0.0.1:1", options).connect()).toBeUndefined();
  });

  it.each(["", "mqtt", "mqtt:0", "mqtt:65536", "a b:1", "::1:1883", "mqtt:1883,"])("%j is no list of them", (list) => {
    expect(() => createBackends(list, options)).toThrow(/^TRINE_FRONT_MQTT: .*is no address/);
  });

  it("may be named and have IPv6 addresses", () => {
    expect(() => createBackends("mqtt-1:1883,[2001:db8::1]:1883", options)).not.toThrow();
  });
});

describe("a relay", () => {
  let [device, backend, far, near]: Socket[] = [];
  let ended: Promise<void>;

  beforeEach(async () => {
    const [front, process] = [await listen(), await listen()];
    far = createConnection({ port: front.port, allowHalfOpen: true });
    device = await front.accepted();
    backend = createConnection({ port: process.port, allowHalfOpen: true });
    near = await process.accepted();
    for (const socket of [far, backend]) socket.on("error", () => undefined);
    sockets.push(far, backend);
    ended = relay(device, backend);
  });

  it("carries bytes both ways, and the end of one side while the other goes on", async () => {
    const asked = near && readAll(near);
    far?.end("question");
    expect(await asked).toBe("question");
    const answered = far && readAll(far);
    near?.end("answer");
    expect(await answered).toBe("answer");
    await ended;
  });

  it("reads no faster than the other side takes", async () => {
    near?.pause();
    const block = Buffer.alloc(65_536);
    let sent = 0;
    // Until the buffers of both connections are full.
    while (far && sent < 2_000 && (far.write(block) || (await drained(far)))) sent += 1;
    expect(sent).toBeLessThan(2_000);
  });

  it("ends both sides when one breaks", async () => {
    near?.resetAndDestroy();
    await ended;
    expect([device?.destroyed, backend?.destroyed]).toEqual([true, true]);
  });
});

/** Whether a full socket had room again soon. */
function drained(socket: Socket): Promise<boolean> {
  return Promise.race([
    once(socket, "drain").then(() => true),
    new Promise<boolean>((done) => setTimeout(() => done(false), 200)),
  ]);
}

/** Reads to the end, and leaves the socket open for writing. */
async function readAll(socket: Socket): Promise<string> {
  let read = "";
  socket.setEncoding("utf8").on("data", (chunk: string) => {
    read += chunk;
  });
  await once(socket, "end");
  return read;
}
