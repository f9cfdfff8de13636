import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import { connect as connectTls } from "node:tls";
import type { RandomSource } from "../random-source.ts";
import { ATTACKER } from "./attack.ts";

/** Most of the answers to what is complete come within that time; nobody waits longer, but for those who mean to hold on. */
const ANSWER_MS = 40;
const HOLD_MS = 3_000;
const CONNECT_MS = 5_000;
const DRIP_MS = 1_000;

/** How a connection is used. */
export interface Throw {
  readonly port: number;
  readonly bytes: Buffer;
  /** Sent first, whole; what comes back is waited for. */
  readonly before?: Buffer;
  /** In TLS. */
  readonly secured?: boolean;
  /** Default: where strangers are. */
  readonly from?: string;
}

/** Throws bytes over a TCP connection: at once, in pieces, slowly, cut off by a reset or left open for a while. */
export async function throwOverTcp(random: RandomSource, thrown: Throw): Promise<void> {
  const { port, bytes, before, secured, from = ATTACKER } = thrown;
  const socket = connect({ port, host: "127.0.0.1", localAddress: from, noDelay: true });
  socket.on("error", () => undefined);
  try {
    const stream = secured ? secure(socket) : socket;
    await Promise.race([once(stream, secured ? "secureConnect" : "connect"), wait(CONNECT_MS)]);
    stream.resume();
    if (before) {
      stream.write(before);
      await Promise.race([once(stream, "data"), closed(stream), wait(CONNECT_MS)]);
    }
    await write(random, stream, bytes);
    if (random.once(6)) stream.end();
    await Promise.race([closed(stream), wait(random.once(100) ? HOLD_MS : ANSWER_MS)]);
    if (random.once(3)) socket.resetAndDestroy();
  } catch {
    // The gateway has hung up, which is its answer.
  } finally {
    socket.destroy();
  }
}

function secure(socket: Socket): Duplex {
  const stream = connectTls({ socket, rejectUnauthorized: false });
  stream.on("error", () => undefined);
  return stream;
}

function closed(stream: Duplex): Promise<void> {
  return new Promise((done) => {
    if (stream.destroyed) done();
    else stream.once("close", done);
  });
}

async function write(random: RandomSource, stream: Duplex, bytes: Buffer): Promise<void> {
  if (random.below(3) > 0) {
    stream.write(bytes);
    return;
  }
  const isSlow = random.once(20);
  for (let at = 0; at < bytes.length && !stream.destroyed; ) {
    const piece = bytes.subarray(at, at + random.between(1, isSlow ? 8 : 200));
    at += piece.length;
    stream.write(piece);
    await wait(isSlow ? 20 : 0);
  }
}

/** Says nothing, and then one byte a second, until the gateway hangs up or the bytes are at an end. */
export async function drip({ port, bytes }: Pick<Throw, "port" | "bytes">): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", localAddress: ATTACKER, noDelay: true });
  socket.on("error", () => undefined).resume();
  const hungUp = closed(socket);
  for (const byte of bytes) {
    await Promise.race([hungUp, wait(DRIP_MS)]);
    if (socket.destroyed) return;
    socket.write(Buffer.of(byte));
  }
  socket.destroy();
}

/** A UDP socket of an attacker; answers are not read. */
export async function openThrower(): Promise<{
  throwAt(port: number, datagram: Buffer): Promise<void>;
  close(): void;
}> {
  const socket = createSocket("udp4");
  socket.on("error", () => undefined);
  socket.on("message", () => undefined);
  socket.bind(0, ATTACKER);
  await once(socket, "listening");
  return {
    throwAt: (port, datagram) => new Promise((done) => socket.send(datagram, port, "127.0.0.1", () => done())),
    close: () => socket.close(),
  };
}
