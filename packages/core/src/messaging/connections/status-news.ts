import { deviceKey } from "../../certificate/names.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { TimelineNotes } from "../../ports/timeline.ts";
import type { Uplink } from "../contracts.ts";
import { createInTurn } from "../in-turn.ts";
import type { PresenceWriter } from "./presence-writer.ts";
import { type StatusSubject, statusBody } from "./status-body.ts";

/** A connection came or went. */
export interface StatusChange {
  readonly epoch: number;
  readonly online: boolean;
  /**
   * Wall clock. Of a coming after the claim, of a going before the device was given up: so that in the order of these times, by which applications
   * read (wire-format 9.3), a going never comes behind the coming that followed it.
   */
  readonly atMs: number;
  /** Where it is announced in the uplink log. */
  readonly statusTopic: string;
  /** Why it went, as a stable word. */
  readonly why?: string;
}

/** Tells that devices come and go: to the registry, the timeline and the uplink log. */
export interface StatusNews {
  /** Never waits: what it tells carries the epoch, so that it may arrive late without harm. */
  tell(subject: StatusSubject, change: StatusChange): void;
  /**
   * Tells the registry and the timeline, which the epoch guards, of an end that somebody else may have told already.
   *
   * @returns tells the uplink log, once it is known that nobody else did.
   */
  tellQuietly(subject: StatusSubject, change: StatusChange): () => void;
  /** Tries again what the uplink log did not take. Resolves when everything so far is in it, or has failed once more and was recorded. */
  flush(): Promise<void>;
}

interface Announcement {
  readonly subject: StatusSubject;
  readonly change: StatusChange;
  /** The log did not take it before, or did and could not say so. */
  failed: boolean;
}

/** Announcements that wait while the log is down; beyond that the oldest device's are given up. */
const MOST_DEVICES_WAITING = 100_000;
const CHUNK = 200;

/** Makes news; its owner calls `flush` now and then, and at the end. */
export function createStatusNews(deps: {
  presence: Pick<PresenceWriter, "note">;
  timeline: TimelineNotes;
  uplink: Pick<Uplink, "announce" | "announceOnce">;
  recorder: Recorder;
}): StatusNews {
  const { presence, timeline, uplink, recorder } = deps;
  const turns = createInTurn();
  /** What is not in the log yet, of each device in its order: an application must not read "offline" before the "online" that it ends. */
  const waiting = new Map<string, Announcement[]>();

  function announce(announcement: Announcement): void {
    const key = deviceKey(announcement.subject.device);
    const before = waiting.get(key);
    if (before) before.push(announcement);
    else waiting.set(key, [announcement]);
    const [oldest] = waiting.keys();
    if (waiting.size > MOST_DEVICES_WAITING && oldest !== undefined) waiting.delete(oldest);
    turns.run(key, () => announceWaiting(key)).catch((error: unknown) => recorder.fault("announce_status", error));
  }

  async function announceWaiting(key: string): Promise<void> {
    const queue = waiting.get(key) ?? [];
    for (let next = queue[0]; next; next = queue[0]) {
      await write(next);
      queue.shift();
    }
    if (waiting.get(key) === queue) waiting.delete(key);
  }

  async function write(announcement: Announcement): Promise<void> {
    const { subject, change, failed } = announcement;
    const told = { topic: change.statusTopic, body: statusBody(subject, change.online, change.atMs) };
    announcement.failed = true;
    // The end of a connection may be told by whoever finds its node dead as well.
    if (failed || !change.online) await uplink.announceOnce(subject.device, idOf(change), told);
    else await uplink.announce(subject.device, told.topic, told.body);
  }

  function tellQuietly(subject: StatusSubject, change: StatusChange): () => void {
    const { device, iotId, peer, transport } = subject;
    const { epoch, online, atMs, why } = change;
    presence.note({ device, iotId, epoch, online, atMs, peer, transport });
    const detail = { peer, transport, ...(why === undefined ? {} : { why }) };
    timeline.note({ device, iotId, kind: online ? "online" : "offline", atMs, detail });
    return () => announce({ subject, change, failed: false });
  }

  return {
    tell: (subject, change) => tellQuietly(subject, change)(),
    tellQuietly,
    async flush() {
      await turns.settled();
      const keys = [...waiting.keys()];
      for (let at = 0; at < keys.length; at += CHUNK) {
        const chunk = keys.slice(at, at + CHUNK).map((key) => turns.run(key, () => announceWaiting(key)));
        const outcomes = await Promise.allSettled(chunk);
        const fault = outcomes.find((outcome) => outcome.status === "rejected");
        if (!fault) continue;
        recorder.fault("announce_status", fault.reason);
        // It is down still.
        return;
      }
    },
  };
}

/** One connection is told of under the same id by whoever tells. Epochs lie far below the ids that are drawn (`MessageIds`). */
function idOf({ epoch, online }: StatusChange): string {
  return `${epoch}${online ? 1 : 0}`;
}
