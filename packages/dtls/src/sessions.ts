import type { ChannelProof, PskTry, X509Chain } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { plainAddress } from "@trine/core/guard";
import type { Recorder } from "@trine/core/ports";
import type { DtlsSession } from "./dtls-server.ts";
import type { OpenedSession } from "./process/messages.ts";

/** The sessions of one child process, by the numbers that it gives them. */
export interface Sessions {
  find(childId: number): DtlsSession | undefined;
  childIdOf(session: DtlsSession): number | undefined;
  /** The key that a handshake was given. */
  noteKey(childId: number, key: PskTry): void;
  open(childId: number, opened: OpenedSession): DtlsSession;
  /** A session is that device's. @returns those that the device may not keep beside it. */
  noteDevice(childId: number, device: DeviceRef): readonly number[];
  /** Ends a session, or forgets a handshake. */
  end(childId: number, why: string): void;
  endAll(why: string): void;
}

/** A device that was restarted, or was given another address by a network on its way, leaves sessions behind, and never many. */
const MOST_OF_A_DEVICE = 4;

let lastId = 0;

/** Makes an empty set. */
export function createSessions(given: {
  transport: string;
  recorder: Recorder;
  ended(session: DtlsSession): void;
}): Sessions {
  const { transport, recorder, ended } = given;
  const sessions = new Map<number, DtlsSession>();
  const childIds = new Map<DtlsSession, number>();
  const keys = new Map<number, PskTry>();
  const devices = new Map<number, string>();
  /** Oldest first. */
  const ofDevice = new Map<string, Set<number>>();

  function forgetDevice(childId: number): void {
    const key = devices.get(childId);
    if (key === undefined) return;
    devices.delete(childId);
    const own = ofDevice.get(key);
    own?.delete(childId);
    if (own?.size === 0) ofDevice.delete(key);
  }

  function end(childId: number, why: string): void {
    keys.delete(childId);
    const session = sessions.get(childId);
    if (!session) return;
    sessions.delete(childId);
    childIds.delete(session);
    forgetDevice(childId);
    recorder.connectionClosed(transport, why);
    ended(session);
  }

  return {
    find: (childId) => sessions.get(childId),
    childIdOf: (session) => childIds.get(session),
    noteKey: (childId, key) => void keys.set(childId, key),
    open(childId, { address, port, suite, certificates }) {
      const key = keys.get(childId);
      keys.delete(childId);
      key?.keepTurn();
      lastId += 1;
      const proof = key?.proof ?? x509Proof(certificates);
      const session = { id: lastId, address: plainAddress(address), port, suite, ...(proof ? { proof } : {}) };
      sessions.set(childId, session);
      childIds.set(session, childId);
      recorder.connectionOpened(transport);
      return session;
    },
    noteDevice(childId, device) {
      if (!sessions.has(childId)) return [];
      forgetDevice(childId);
      const key = deviceKey(device);
      const own = (ofDevice.get(key) ?? new Set()).add(childId);
      ofDevice.set(key, own);
      devices.set(childId, key);
      return [...own].slice(0, -MOST_OF_A_DEVICE);
    },
    end,
    endAll(why) {
      for (const childId of [...sessions.keys()]) end(childId, why);
      keys.clear();
    },
  };
}

function x509Proof(certificates: readonly string[]): ChannelProof | undefined {
  const [own, ...others] = certificates.map((each) => Buffer.from(each, "base64"));
  if (!own) return undefined;
  const chain: X509Chain = [own, ...others];
  return { kind: "x509", chain };
}
