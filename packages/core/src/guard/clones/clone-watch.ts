import { type Refusal, refuse } from "../../auth/refusal.ts";
import type { Session } from "../../auth/session.ts";
import { type DeviceRef, deviceKey } from "../../certificate/names.ts";
import type { Uplink } from "../../messaging/contracts.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceDirectory, Sighting } from "../../ports/device-directory.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { TimelineNotes } from "../../ports/timeline.ts";
import { createRecentKeys } from "../recent-keys.ts";
import { readPlace } from "./place.ts";
import { CLONE_SCORE, CLONE_WINDOW_MS, isCrossing, scoreTrail } from "./score-trail.ts";
import { createTokenTrails } from "./token-trails.ts";

/** Tells certificates that several devices use, and does what the product's policy says (`onClone`). */
export interface CloneWatch {
  /** A connection was made from another place than the one before it. Never waits. */
  noteMove(session: Session, claim: { readonly epoch: number; readonly trail: readonly Sighting[] }): void;
  /** A token was used. @returns a refusal where the policy is to refuse the newer of two, and this one is. */
  noteUse(session: Session): Refusal | undefined;
}

interface Deps {
  readonly directory: Pick<DeviceDirectory, "contest">;
  readonly uplink: Pick<Uplink, "announce" | "announceOnce">;
  readonly notes: TimelineNotes;
  readonly recorder: Pick<Recorder, "cloneSuspected" | "fault">;
  readonly clock: Clock;
  /** Disables the device, as an operator would. */
  readonly disable: (device: DeviceRef) => Promise<unknown>;
}

/** A device of which one session is let through. */
interface Contest {
  readonly sessionId: string;
  readonly untilMs: number;
}

const MAX_CONTESTS = 10_000;

/**
 * Makes the watch of one process.
 *
 * Of connections the directory knows the trail, over all nodes; of tokens each process sees what is used there, which alternates as well.
 */
export function createCloneWatch(deps: Deps): CloneWatch {
  const { directory, recorder, clock } = deps;
  const tokens = createTokenTrails();
  const contests = createRecentKeys<Contest>(MAX_CONTESTS);

  function behind(work: Promise<unknown>): void {
    work.catch((error: unknown) => recorder.fault("clone_watch", error));
  }

  function suspect(session: Session, trail: readonly Sighting[], epoch?: number): void {
    if (!isCrossing(trail)) return;
    const found = evidenceOf(session, trail, clock.nowMs());
    recorder.cloneSuspected({ transport: session.transport });
    deps.notes.note(found.event);
    const { device } = session;
    const topic = `/${deviceKey(device)}/thing/lifecycle`;
    // Epochs lie far below the ids that are drawn, and their last digits 0 and 1 are those of going and coming.
    if (epoch === undefined) behind(deps.uplink.announce(device, topic, found.body));
    else behind(deps.uplink.announceOnce(device, `${epoch}2`, { topic, body: found.body }));
    if (policyOf(session) === "disable") behind(deps.disable(device));
  }

  return {
    noteMove(session, { epoch, trail }) {
      if (!isSuspicious(trail)) return;
      if (policyOf(session) === "refuse_newer") behind(directory.contest(session.device, CLONE_WINDOW_MS));
      suspect(session, trail, epoch);
    },
    noteUse(session) {
      const nowMs = clock.nowMs();
      const trail = tokens.noteUse(session, nowMs);
      const isContested = trail !== undefined && isSuspicious(trail) && policyOf(session) === "refuse_newer";
      const [first] = trail ?? [];
      if (isContested && first) {
        const { client } = readPlace(first.place);
        contests.set(deviceKey(session.device), { sessionId: client, untilMs: nowMs + CLONE_WINDOW_MS });
      }
      if (trail) suspect(session, trail);
      const contest = contests.get(deviceKey(session.device));
      if (!contest || contest.untilMs <= nowMs || contest.sessionId === session.sessionId) return undefined;
      return refuse("not_allowed", "the certificate is in use elsewhere, and older there");
    },
  };
}

function isSuspicious(trail: readonly Sighting[]): boolean {
  const last = trail.at(-1);
  return last !== undefined && scoreTrail(trail, last.atMs) >= CLONE_SCORE;
}

function policyOf({ product }: Session): "report" | "refuse_newer" | "disable" {
  return product.policy.onClone ?? "report";
}

/** What is told, on the timeline and in the uplink log (wire-format 9.3). */
function evidenceOf(session: Session, trail: readonly Sighting[], atMs: number) {
  const { device, iotId, transport, peer } = session;
  const last = trail.at(-1);
  const score = last ? scoreTrail(trail, last.atMs) : 0;
  const places = trail.map((sighting) => ({
    ...readPlace(sighting.place),
    since: new Date(sighting.atMs).toISOString(),
  }));
  const told = places.map(({ network, client, since }) => `${since} ${network} ${client}`).join("; ");
  const detail = { score, policy: policyOf(session), transport, peer, places: told };
  return {
    event: { device, iotId, kind: "clone_suspected" as const, atMs, detail },
    body: {
      action: "clone_suspected",
      iotId,
      productKey: device.productKey,
      deviceName: device.deviceName,
      messageCreateTime: atMs,
      score,
      policy: policyOf(session),
      places,
    },
  };
}
