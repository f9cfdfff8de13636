import { EngineFault, type EngineSession } from "../../../../packages/dtls/src/engine/engine.ts";
import { createFront, type Front } from "../../../../packages/dtls/src/front/create-front.ts";
import type { PeerAddress } from "../../../../packages/dtls/src/front/peer-address.ts";
import { createOpenSslEngine } from "../../../../packages/dtls/src/openssl/create-openssl-engine.ts";
import { loadOpenSsl } from "../../../../packages/dtls/src/openssl/load-openssl.ts";
import { createClientMaker } from "../../../../packages/dtls/src/openssl/openssl-client.ts";
import { type FuzzTarget, must } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { dtlsRecords } from "./dtls-records.ts";

const KEY = Buffer.from("C23C6244A83512178DC4F7F930E27A07");
const LIMITS = {
  sessions: 3,
  handshakes: 3,
  hellosPerSecond: 50,
  datagramBytes: 1_500,
  identityBytes: 128,
  handshakeMs: 20_000,
  idleMs: 60_000,
  unprovenIdleMs: 30_000,
};
const STRANGER: PeerAddress = { address: "192.0.2.66", port: 6 };
/** Bytes that an address may get for each that it sent, before it has proved that it is there. */
const AMPLIFICATION = 3;

interface Device {
  readonly at: PeerAddress;
  readonly session: EngineSession;
  /** What it has to say next. */
  readonly outbox: Buffer[];
  isGone: boolean;
}

let cryptography: ReturnType<typeof openCryptography> | undefined;

/** Once in a process: what OpenSSL calls back is never given up. */
async function openCryptography() {
  const loaded = await loadOpenSsl();
  return {
    engine: createOpenSslEngine(loaded, { mtu: 1_280, legacy: true, maxPlainBytes: 1_500 }),
    newClient: createClientMaker(loaded, { suites: "PSK-AES128-CBC-SHA" }),
  };
}

/**
 * The server's side of DTLS with its real cryptography: devices shake hands and talk over a line that spoils, repeats, drops, mixes up and
 * readdresses, while a stranger sends what he likes. What OpenSSL draws is another at each run.
 */
export const dtlsFront: FuzzTarget = {
  name: "dtls front",
  share: 4,
  async open() {
    cryptography ??= openCryptography();
    const { engine, newClient } = await cryptography;
    return {
      run(random, note) {
        const seen: Buffer[] = [];
        note(seen);
        const line = openLine(engine, random);
        const devices = random.times(random.between(1, 4), () =>
          line.join(newClient({ identity: "somebody", key: KEY })),
        );
        for (let step = random.between(5, 40); step > 0; step -= 1) {
          const datagram = random.once(5)
            ? line.disturb(devices)
            : line.advance(random.pick(devices as [Device, ...Device[]]));
          if (datagram) seen.push(datagram);
          line.settle(devices);
        }
        line.end(devices);
      },
    };
  },
};

function openLine(engine: Parameters<typeof createFront>[0]["engine"], random: RandomSource) {
  const clock = { ms: 1_000 };
  const asked: number[] = [];
  const open = new Set<number>();
  const answers: { datagram: Buffer; to: PeerAddress }[] = [];
  const stranger = { sent: 0, got: 0 };
  let joined = 0;
  const deps = { engine, limits: LIMITS, nowMs: () => clock.ms, random: (bytes: number) => random.bytes(bytes) };
  const front: Front = createFront(deps, {
    send(datagram, to) {
      if (to.address === STRANGER.address) stranger.got += datagram.length;
      must(stranger.got <= AMPLIFICATION * stranger.sent, "a stranger gets more than three times what he sends");
      answers.push({ datagram, to });
    },
    findKey: (id) => void asked.push(id),
    opened(id) {
      open.add(id);
      must(open.size <= LIMITS.sessions, "there are more sessions than may be");
    },
    received(id) {
      must(open.has(id), "something was received outside of a session");
      if (random.once(3)) front.vouch(id);
      if (random.once(3)) front.send(id, random.bytes(random.length(1_200)));
    },
    ended(id) {
      must(open.delete(id), "a session ended that was not open");
    },
    handshakeEnded: () => undefined,
    dropped: () => undefined,
  });

  function receive(datagram: Buffer, from: PeerAddress): Buffer {
    if (from.address === STRANGER.address) stranger.sent += datagram.length;
    front.receive(Buffer.from(datagram), from);
    return datagram;
  }

  function pass(ms: number): void {
    clock.ms += ms;
    front.tick();
  }

  return {
    join(session: EngineSession): Device {
      joined += 1;
      const device = { at: { address: `192.0.2.${joined}`, port: 5_000 + joined }, session, outbox: [], isGone: false };
      hear(device, Buffer.alloc(0));
      return device;
    },
    /** A device's next datagram, as the line leaves it. */
    advance(device: Device): Buffer | undefined {
      const next = device.outbox.shift();
      if (!next) {
        if (!device.isGone && device.session.isFinished())
          tell(device, () => device.session.write(random.bytes(random.length(1_000))));
        return undefined;
      }
      if (random.once(12)) return undefined;
      if (random.once(12)) device.outbox.push(next);
      return receive(random.once(8) ? mutate(random, next) : next, random.once(20) ? STRANGER : device.at);
    },
    /** Whatever else happens. */
    disturb(devices: readonly Device[]): Buffer | undefined {
      switch (random.below(6)) {
        case 0:
          pass(random.pick([100, 1_100, 25_000, 70_000]));
          return undefined;
        case 1:
          front.rotateCookies();
          return undefined;
        case 2:
          front.end(random.below(8));
          return undefined;
        case 3: {
          const { at } = random.pick(devices as [Device, ...Device[]]);
          return receive(dtlsRecords.make(random).bytes, at);
        }
        default:
          return receive(dtlsRecords.make(random).bytes, STRANGER);
      }
    },
    /** What was asked is answered, and what was sent arrives. */
    settle(devices: readonly Device[]): void {
      for (const id of asked.splice(0))
        front.useKey(id, random.once(10) ? undefined : random.once(10) ? random.bytes(16) : KEY);
      for (const { datagram, to } of answers.splice(0)) {
        const device = devices.find(({ at }) => at.address === to.address && at.port === to.port);
        if (device) hear(device, random.once(20) ? mutate(random, datagram) : datagram);
      }
    },
    end(devices: readonly Device[]): void {
      for (let looks = 0; looks < 4; looks += 1) pass(LIMITS.idleMs);
      must(open.size === 0, "a session outlived its time");
      front.stop();
      for (const { session } of devices) session.free();
    },
  };
}

function hear(device: Device, datagram: Buffer): void {
  if (!device.isGone) tell(device, () => device.session.feed(datagram));
}

/** A device whose engine gave up says why, and nothing more. */
function tell(device: Device, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof EngineFault)) throw error;
    device.isGone = true;
  }
  device.outbox.push(...device.session.takeOutput());
}
