import { randomBytes } from "node:crypto";
import type { PskTurns } from "@trine/core/auth";
import type { DeviceRef } from "@trine/core/certificate";
import type { DtlsOptions } from "./dtls-server.ts";
import { readJson } from "./process/channel.ts";
import { FRAME, type Frame } from "./process/frames.ts";
import type { Configuration, Counts, KeyQuestion, OpenedSession, StartFailure } from "./process/messages.ts";
import { type DtlsChild, spawnChild } from "./process/spawn-child.ts";
import { promised } from "./promised.ts";
import { createSessions, type Sessions } from "./sessions.ts";

const DECOY_BYTES = 64;

/** One child process, from its start to its end, and what is known of it here. */
export interface Life {
  readonly child: DtlsChild;
  readonly sessions: Sessions;
  /** A device has proved that a session is its own: that one may idle for long, and the oldest beyond a few of the device ends. */
  vouch(childId: number, device: DeviceRef): void;
  /** The port that it listens on, or why it does not. */
  readonly started: Promise<number | StartFailure>;
  /** How it ended. */
  readonly ended: Promise<string>;
}

/** Starts a child process on a port. */
export function beginLife(options: DtlsOptions, { port, turns }: { port: number; turns: PskTurns }): Life {
  const { recorder, transport, on, certificate } = options;
  const sessions = createSessions({ transport, recorder, ended: on.ended });
  const started = promised<number | StartFailure>();
  const ended = promised<string>();
  const child = spawnChild(options.nodeOptions ?? [], {
    frame: take,
    ended(how) {
      started.resolve({ kind: "no_engine", detail: `its process ended: ${how}` });
      ended.resolve(how);
    },
  });
  const { channel } = child;
  const { host, mtu, legacy, limits } = options;
  const material = certificate?.current() ?? null;
  channel.sendJson(FRAME.configure, 0, { host, port, mtu, legacy, limits, material } satisfies Configuration);
  return { child, sessions, vouch, started: started.promise, ended: ended.promise };

  function take(frame: Frame): void {
    const { kind, id } = frame;
    if (kind === FRAME.received) receive(frame);
    else if (kind === FRAME.opened) open(id, readJson(frame));
    else if (kind === FRAME.ended) sessions.end(id, readJson(frame));
    else if (kind === FRAME.findKey) void answerKey(id, readJson(frame));
    else if (kind === FRAME.counted) count(readJson(frame));
    else if (kind === FRAME.fault) recorder.fault("dtls", new Error(readJson<string>(frame)));
    else if (kind === FRAME.listening || kind === FRAME.failed) started.resolve(readJson(frame));
  }

  function receive({ id, payload }: Frame): void {
    const session = sessions.find(id);
    if (session) on.datagram(session, payload);
  }

  function open(id: number, opened: OpenedSession): void {
    const { proof } = sessions.open(id, opened);
    if (proof?.kind === "psk") vouch(id, proof.device);
  }

  function vouch(id: number, device: DeviceRef): void {
    channel.sendJson(FRAME.vouch, id, null);
    for (const older of sessions.noteDevice(id, device)) channel.sendJson(FRAME.end, older, null);
  }

  /**
   * The identity of nobody gets a random key, and its handshake fails as with a wrong one. Without an answer a handshake runs out, and the
   * device tries again: as much is said by an empty key.
   */
  async function answerKey(id: number, { identity, address }: KeyQuestion): Promise<void> {
    try {
      const tried = await turns.find(identity, address);
      tried?.passTurn();
      if (tried) sessions.noteKey(id, tried);
      channel.sendBytes(FRAME.useKey, id, tried?.key ?? randomBytes(DECOY_BYTES));
    } catch (error) {
      recorder.fault("dtls_key", error);
      channel.sendBytes(FRAME.useKey, id, Buffer.alloc(0));
    }
  }

  function count({ handshakes, dropped }: Counts): void {
    for (const [outcome, times] of Object.entries(handshakes))
      recorder.handshakesDecided({ transport, outcome, times });
    for (const [reason, times] of Object.entries(dropped)) recorder.dropped(transport, reason, times);
  }
}
