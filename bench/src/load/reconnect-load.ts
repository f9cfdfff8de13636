import { readFileSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";
import type { BenchDevice } from "../bench-devices.ts";
import { connectPacket } from "./mqtt-load.ts";

/** What one process of the reconnect storm is told. */
export interface ReconnectOrder {
  /** Of the nodes; a device goes to the next one at each attempt. */
  readonly ports: readonly number[];
  /** File of the devices. */
  readonly devices: string;
  /** Source addresses, so that the ports of one do not run out. */
  readonly sources: readonly string[];
  /** How long a device waits for its CONNACK. */
  readonly patienceMs: number;
  /** Over how long the devices notice that they were cut off. */
  readonly noticeMs: number;
}

/** What it tells when all its devices are back. */
export interface ReconnectResult {
  /** From the cut until the device was back, each. */
  readonly backMs: readonly number[];
  /** From the connection's beginning to the CONNACK that let the device in, each. */
  readonly loginMs: readonly number[];
  readonly attempts: number;
  readonly refused: number;
  readonly impatient: number;
  readonly lost: number;
}

const GENTLY = 100;
const LONGEST_PAUSE_MS = 60_000;
const PROGRESS_MS = 5_000;

// Connects its devices and says so; at `cut` on its standard input, resets all of them at once and brings them back as firmware does:
// after a refusal, or without an answer, it waits one second, then two, four and so on up to a minute, by half more or less.
const order = JSON.parse(process.argv[2] ?? "{}") as ReconnectOrder;
const devices = JSON.parse(readFileSync(order.devices, "utf8")) as readonly BenchDevice[];
const sockets = new Map<number, Socket>();
const counts = { attempts: 0, refused: 0, impatient: 0, lost: 0 };

type Outcome = "in" | "refused" | "impatient" | "lost";

/** One attempt of a device. */
function attempt(index: number, tries: number): Promise<Outcome> {
  const port = order.ports[(index + tries) % order.ports.length] ?? 0;
  const localAddress = order.sources[index % order.sources.length] ?? "127.0.0.2";
  const device = devices[index];
  if (!device) throw new Error("there is no such device");
  counts.attempts += 1;
  return new Promise((done) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress, noDelay: true });
    const impatience = setTimeout(() => end("impatient"), order.patienceMs);
    const end = (outcome: Outcome) => {
      clearTimeout(impatience);
      if (outcome !== "in") socket.resetAndDestroy();
      done(outcome);
    };
    socket.on("error", () => end("lost"));
    socket.once("close", () => end("lost"));
    socket.once("data", (bytes) => {
      if (bytes[3] !== 0) return end("refused");
      sockets.set(index, socket);
      end("in");
    });
    socket.write(connectPacket(device));
  });
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Tries until the device is in. @returns how long the login took that let it in. */
async function comeBack(index: number): Promise<number> {
  await pause(Math.random() * order.noticeMs);
  for (let tries = 1; ; tries += 1) {
    const began = performance.now();
    const outcome = await attempt(index, tries);
    if (outcome === "in") return performance.now() - began;
    counts[outcome] += 1;
    await pause(Math.min(LONGEST_PAUSE_MS, 1_000 * 2 ** (tries - 1)) * (0.5 + Math.random()));
  }
}

async function connectAll(): Promise<void> {
  let next = 0;
  const worker = async () => {
    for (let index = next++; index < devices.length; index = next++) {
      while ((await attempt(index, 0)) !== "in") await pause(1_000);
    }
  };
  await Promise.all(Array.from({ length: GENTLY }, worker));
}

async function storm(): Promise<ReconnectResult> {
  Object.assign(counts, { attempts: 0, refused: 0, impatient: 0, lost: 0 });
  for (const socket of sockets.values()) {
    socket.removeAllListeners("close");
    socket.resetAndDestroy();
  }
  sockets.clear();
  const cutAt = performance.now();
  const progress = setInterval(() => console.error(`${sockets.size} of ${devices.length} are back`), PROGRESS_MS);
  const each = await Promise.all(
    devices.map(async (_, index) => ({ loginMs: await comeBack(index), backMs: performance.now() - cutAt })),
  );
  clearInterval(progress);
  return { backMs: each.map(({ backMs }) => backMs), loginMs: each.map(({ loginMs }) => loginMs), ...counts };
}

await connectAll();
console.log("connected");
for await (const line of createInterface({ input: process.stdin }))
  if (line === "cut") console.log(`end ${JSON.stringify(await storm())}`);
