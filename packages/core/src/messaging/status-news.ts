import type { Session } from "../auth/session.ts";
import { deviceKey } from "../certificate/names.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { TimelineNotes } from "../ports/timeline.ts";
import type { Uplink } from "./contracts.ts";
import { createInTurn } from "./in-turn.ts";
import type { PresenceWriter } from "./presence-writer.ts";
import { statusBody } from "./status-body.ts";

/** Whose connection it is. */
export type StatusSubject = Pick<Session, "device" | "iotId" | "peer" | "transport">;

/** A connection came or went. */
export interface StatusChange {
  readonly epoch: number;
  readonly online: boolean;
  /** Where it is announced in the uplink log. */
  readonly statusTopic: string;
  /** Why it went, as a stable word. */
  readonly why?: string;
}

/** Tells that devices come and go: to the registry, the timeline and the uplink log. */
export interface StatusNews {
  /** Never waits: what it tells carries the epoch, so that it may arrive late without harm. */
  tell(subject: StatusSubject, change: StatusChange): void;
  /** Resolves when what was to be announced so far is in the uplink log, or has failed and was recorded. */
  settled(): Promise<void>;
}

export function createStatusNews(deps: {
  presence: Pick<PresenceWriter, "note">;
  timeline: TimelineNotes;
  uplink: Pick<Uplink, "announce">;
  clock: Clock;
  recorder: Recorder;
}): StatusNews {
  const { presence, timeline, uplink, clock, recorder } = deps;
  const announcements = createInTurn();
  return {
    tell(subject, { epoch, online, statusTopic, why }) {
      const { device, iotId, peer, transport } = subject;
      const atMs = clock.nowMs();
      presence.note({ device, iotId, epoch, online, atMs, peer, transport });
      const detail = { peer, transport, ...(why === undefined ? {} : { why }) };
      timeline.note({ device, iotId, kind: online ? "online" : "offline", atMs, detail });
      // One after the other: an application must not read "offline" before the "online" that it ends.
      announcements
        .run(deviceKey(device), () => uplink.announce(device, statusTopic, statusBody(subject, online, atMs)))
        .catch((error: unknown) => recorder.fault("announce_status", error));
    },
    settled: () => announcements.settled(),
  };
}
