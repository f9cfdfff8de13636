import { randomBytes } from "node:crypto";
import { Socket } from "node:net";
import { openUdpPort, type UdpPort } from "@trine/runtime/udp";
import type { CertificateMaterial, DtlsEngine } from "../engine/engine.ts";
import { createFront, type Front } from "../front/create-front.ts";
import { createOpenSslEngine } from "../openssl/create-openssl-engine.ts";
import { loadOpenSsl } from "../openssl/load-openssl.ts";
import { selfTest } from "../openssl/self-test.ts";
import { type Channel, openChannel, readJson } from "./channel.ts";
import { createCounters } from "./counters.ts";
import { FRAME, type Frame } from "./frames.ts";
import type { Configuration, KeyQuestion, OpenedSession, StartFailure } from "./messages.ts";

// The process that speaks DTLS: it owns the UDP port, knows no secret but the keys of handshakes under way, and lives as long as the one that
// started it, to which file descriptor 3 leads.

const CHANNEL_FD = 3;
const TICK_MS = 100;
const COUNT_MS = 1000;
const COOKIE_LIFE_MS = 60_000;
// Bursts of hellos come in while the process encrypts.
const RECEIVE_BUFFER_BYTES = 4_194_304;

// Whoever signals a group means its first process, which ends this one when it has said goodbye to its devices.
process.on("SIGINT", ignore);
process.on("SIGTERM", ignore);

let front: Front | undefined;
let engine: DtlsEngine | undefined;
let udp: UdpPort | undefined;
const counters = createCounters();
const channel: Channel = openChannel(new Socket({ fd: CHANNEL_FD, readable: true, writable: true }), {
  frame: take,
  closed: () => process.exit(0),
});

function take(frame: Frame): void {
  const { kind, id, payload } = frame;
  if (kind === FRAME.send) front?.send(id, payload);
  else if (kind === FRAME.useKey) front?.useKey(id, payload.length > 0 ? Buffer.from(payload) : undefined);
  else if (kind === FRAME.vouch) front?.vouch(id);
  else if (kind === FRAME.end) front?.end(id);
  else if (kind === FRAME.useCertificate) useCertificate(readJson(frame));
  else if (kind === FRAME.configure) void start(readJson(frame));
  else if (kind === FRAME.stop) void stop();
}

async function start(given: Configuration): Promise<void> {
  try {
    engine = await openEngine(given);
  } catch (error) {
    return fail({ kind: "no_engine", detail: messageOf(error) });
  }
  front = openFront(engine, given);
  try {
    udp = await openUdpPort(
      { host: given.host, port: given.port, receiveBufferBytes: RECEIVE_BUFFER_BYTES },
      {
        datagram: (datagram, from) => front?.receive(datagram, from),
        dropped: (reason) => counters.dropped(reason),
        fault: (error) => channel.sendJson(FRAME.fault, 0, messageOf(error)),
      },
    );
  } catch (error) {
    const { code = "" } = error as NodeJS.ErrnoException;
    return fail({ kind: "no_socket", code, detail: messageOf(error) });
  }
  channel.sendJson(FRAME.listening, 0, udp.port);
  setInterval(() => front?.tick(), TICK_MS);
  setInterval(() => front?.rotateCookies(), COOKIE_LIFE_MS);
  setInterval(tellCounts, COUNT_MS);
}

async function openEngine({ mtu, legacy, limits, material }: Configuration): Promise<DtlsEngine> {
  const loaded = await loadOpenSsl();
  const opened = createOpenSslEngine(loaded, { mtu, legacy, maxPlainBytes: limits.datagramBytes });
  selfTest(loaded, opened);
  if (material) opened.useCertificate(material);
  return opened;
}

function openFront(dtls: DtlsEngine, { limits }: Configuration): Front {
  const deps = { engine: dtls, limits, nowMs: () => performance.now(), random: randomBytes };
  return createFront(deps, {
    send: (datagram, to) => udp?.send(datagram, to),
    findKey: (id, identity, { address }) =>
      channel.sendJson(FRAME.findKey, id, { identity, address } satisfies KeyQuestion),
    opened(id, { at: { address, port }, suite, certificates }) {
      const der = certificates.map((each) => each.toString("base64"));
      channel.sendJson(FRAME.opened, id, { address, port, suite, certificates: der } satisfies OpenedSession);
    },
    received(id, plain) {
      if (!channel.sendBytes(FRAME.received, id, plain)) counters.dropped("gateway_behind");
    },
    ended: (id, why) => channel.sendJson(FRAME.ended, id, why),
    handshakeEnded(id, outcome) {
      counters.handshake(outcome);
      if (outcome !== "ok") channel.sendJson(FRAME.ended, id, outcome);
    },
    dropped: (reason) => counters.dropped(reason),
  });
}

function useCertificate(material: CertificateMaterial | null): void {
  try {
    engine?.useCertificate(material ?? undefined);
  } catch (error) {
    channel.sendJson(FRAME.fault, 0, `the former certificate stays in use: ${messageOf(error)}`);
  }
}

function tellCounts(): void {
  const counts = counters.take();
  if (counts) channel.sendJson(FRAME.counted, 0, counts);
}

async function stop(): Promise<void> {
  front?.stop();
  tellCounts();
  await udp?.close();
  channel.sendJson(FRAME.stopped, 0, null);
  channel.end();
}

function fail(failure: StartFailure): void {
  channel.sendJson(FRAME.failed, 0, failure);
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function ignore(): void {}
