import { type Refusal, refuse } from "../../auth/refusal.ts";
import type { Session } from "../../auth/session.ts";
import type { Rates } from "../../guard/rates.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { DeviceDirectory } from "../../ports/device-directory.ts";
import type { Mailbox, MailboxMessage } from "../../ports/mailbox.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { Inbox, SessionHolder } from "../contracts.ts";
import { createInboxWatchers, type Watcher } from "./inbox-watchers.ts";

/** How long a session has what it fetched to itself: a device on a slow network has to take it and say so. */
const LEASE_MS = 30_000;

/** How long a wait goes on without a look: a hint may be lost, and nothing else comes for a device that is not written to again. */
const LOOK_AGAIN_MS = 30_000;

/** How soon to look again after another taker of the device was in the way. */
const BLOCKED_MS = 1_000;

interface Deps {
  readonly nodeId: string;
  readonly mailbox: Pick<Mailbox, "pending" | "claim" | "acknowledge" | "letGo">;
  readonly directory: Pick<DeviceDirectory, "watch">;
  readonly rates: Pick<Rates, "takeDownlink">;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly recorder: Recorder;
}

/** `Inbox`, and its part in revocation and hints. */
export interface RunningInbox extends Inbox {
  readonly holder: SessionHolder;
  /** Keeps hints coming for who watches; call it every few seconds. */
  keepWatching(): void;
}

/** Takes messages out of mailboxes for sessions that fetch them. */
export function createInbox(deps: Deps): RunningInbox {
  const { mailbox, rates, clock, timer, recorder } = deps;
  const watchers = createInboxWatchers(deps);

  async function take(session: Session, limit: number): Promise<readonly MailboxMessage[] | "blocked"> {
    const { device, sessionId: id, transport: line, startedAtMs: epoch } = session;
    const nowMs = clock.nowMs();
    const waiting = await mailbox.pending(device, { limit, nowMs });
    if (waiting.length === 0) return [];
    // The rest waits, and so does a device that is over its rate altogether.
    const found = waiting.slice(0, rates.takeDownlink(device, waiting.length));
    if (found.length === 0) return "blocked";
    const messageIds = found.map(({ messageId }) => messageId);
    const given = new Set(
      await mailbox.claim(device, {
        taker: { id, line, ...(epoch === undefined ? {} : { epoch }) },
        messageIds,
        nowMs,
        leaseMs: LEASE_MS,
      }),
    );
    return given.size === 0 ? "blocked" : found.filter(({ messageId }) => given.has(messageId));
  }

  /** Resolves when there is a reason to look again: a hint, the end of the wait, the device's going. */
  function untilNext(waiter: Waiter, ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        stopTimer();
        signal.removeEventListener("abort", done);
        waiter.onLook = undefined;
        resolve();
      };
      const stopTimer = timer.after(ms, done);
      signal.addEventListener("abort", done, { once: true });
      waiter.onLook = done;
      if (waiter.isAsked || waiter.ended !== undefined || signal.aborted) done();
    });
  }

  async function waitAndTake(session: Session, waiter: Waiter, request: Parameters<Inbox["fetch"]>[1]) {
    const { limit, waitMs, signal } = request;
    const endsAt = clock.monotonicMs() + waitMs;
    for (;;) {
      waiter.isAsked = false;
      const found = await take(session, limit);
      if (waiter.ended !== undefined) return [];
      const leftMs = endsAt - clock.monotonicMs();
      if (found !== "blocked" && found.length > 0) return found;
      if (leftMs <= 0 || signal.aborted) return [];
      // A look between the one above and the hints that come from here on.
      if (await watchers.announce(session.device, waitMs)) continue;
      await untilNext(waiter, Math.min(leftMs, found === "blocked" ? BLOCKED_MS : LOOK_AGAIN_MS), signal);
      if (signal.aborted) return [];
    }
  }

  return {
    holder: watchers.holder,
    keepWatching: watchers.keep,
    async fetch(session, request) {
      const waiter: Waiter = { isAsked: false, ended: undefined, onLook: undefined };
      const leave = watchers.add(session, {
        look() {
          waiter.isAsked = true;
          waiter.onLook?.();
        },
        end(why) {
          waiter.ended = why;
          waiter.onLook?.();
        },
      });
      try {
        const found = await waitAndTake(session, waiter, request);
        if (waiter.ended !== undefined) return endedRefusal(waiter.ended);
        for (const _ of found) recorder.downlinkChanged({ state: "sent", transport: session.transport });
        return found;
      } catch (error) {
        recorder.fault("inbox", error);
        return refuse("unavailable", "fault");
      } finally {
        leave();
      }
    },
    async acknowledge({ device, transport }, messageId) {
      try {
        const wasWaiting = await mailbox.acknowledge(device, messageId, clock.nowMs());
        if (wasWaiting) recorder.downlinkChanged({ state: "delivered", transport });
        return wasWaiting;
      } catch (error) {
        recorder.fault("inbox", error);
        return refuse("unavailable", "fault");
      }
    },
    async letGo({ device, sessionId }) {
      // Should it fail, the lease ends by itself.
      await mailbox.letGo(device, sessionId).catch((error: unknown) => recorder.fault("inbox", error));
    },
    watch(session, on) {
      const watcher: Watcher = on;
      const leave = watchers.add(session, watcher);
      // From then on hints come, and what came before them is found.
      watchers.announce(session.device, 0).then(on.look, (error: unknown) => {
        recorder.fault("inbox", error);
        on.look();
      });
      return leave;
    },
  };
}

/** One fetch that waits. */
interface Waiter {
  isAsked: boolean;
  ended: string | undefined;
  onLook: (() => void) | undefined;
}

function endedRefusal(why: string): Refusal {
  return why === "revoked" ? refuse("token_invalid", "revoked meanwhile") : refuse("unavailable", why);
}
