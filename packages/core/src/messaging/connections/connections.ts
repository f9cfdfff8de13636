import { refuse } from "../../auth/refusal.ts";
import type { Session } from "../../auth/session.ts";
import type { DeviceRef } from "../../certificate/names.ts";
import type { CloneWatch } from "../../guard/clones/clone-watch.ts";
import { writePlace } from "../../guard/clones/place.ts";
import type { Clock } from "../../ports/clock.ts";
import type { ControlBus } from "../../ports/control-bus.ts";
import type { Claim, Claimant, DeviceDirectory, DeviceLocation } from "../../ports/device-directory.ts";
import type { DeviceServices } from "../../ports/device-services.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { Connections, SessionHolder } from "../contracts.ts";
import { writeAbout } from "./connection-about.ts";
import type { StatusNews } from "./status-news.ts";
import { createTurns } from "./turns.ts";

interface Deps {
  readonly nodeId: string;
  readonly directory: DeviceDirectory;
  readonly bus: Pick<ControlBus, "notify" | "send">;
  readonly holders: Pick<SessionHolder, "closeOlder">;
  readonly news: StatusNews;
  readonly clones: Pick<CloneWatch, "noteMove">;
  readonly services: Pick<DeviceServices, "opened">;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** `Connections`, and what its owner does now and then. */
export interface RunningConnections extends Connections {
  /** Gives up what could not be given up when it ended, because the directory did not answer. Stops, and records why, when it still does not. */
  flush(): Promise<void>;
}

/** An end that the directory does not know yet, or knew and could not say so. */
interface Unreleased {
  readonly device: DeviceRef;
  readonly connectionId: string;
  readonly epoch: number;
  announce(): void;
}

/** Beyond that, the sweep of this node's end has to do. */
const MOST_UNRELEASED = 100_000;
const CHUNK = 200;
/** How long a node may take to say that it closed a connection. */
const PART_WITHIN_MS = 2_000;
/** Ends that the directory is told of at once: when thousands of connections break, those that come back do not wait behind all of them. */
const ENDS_AT_ONCE = 32;

/**
 * Keeps one connection a device over all nodes: the newest claims the directory, and the one before is closed where it is.
 *
 * Only the claim is waited for. Closing the older one, presence and announcements follow. Should the order to close be lost, the node that
 * missed it compares what it holds with the directory as soon as it is back (`recheckConnections`).
 */
export function createConnections(deps: Deps): RunningConnections {
  const { nodeId, directory, bus, holders, news, clones, services, clock, recorder } = deps;
  const unreleased = new Set<Unreleased>();
  const turns = createTurns(ENDS_AT_ONCE);
  /** Why the directory did not answer, until it does again: nobody waits for what would fail as well. */
  let silence: { readonly error: unknown } | undefined;

  function closeReplaced(device: DeviceRef, { nodeId: node, epoch }: DeviceLocation): void {
    const closing =
      node === nodeId
        ? holders.closeOlder(device, epoch)
        : bus.notify(node, { kind: "close_connection", device, epoch });
    closing.catch((error: unknown) => recorder.fault("close_replaced", error));
  }

  /** @returns nothing where the policy refuses the newer of several devices. */
  function claimBy({ device, product }: Session, claimant: Claimant): Promise<Claim | undefined> {
    if (product.policy.onClone === "refuse_newer") return directory.claimUnlessContested(device, claimant);
    return directory.claim(device, claimant);
  }

  async function release({ device, connectionId, epoch }: Omit<Unreleased, "announce">): Promise<boolean> {
    if (silence) throw silence.error;
    try {
      return await directory.release(device, { nodeId, connectionId, epoch });
    } catch (error) {
      silence = { error };
      throw error;
    }
  }

  /** @returns whether it ended as the newest connection of its device: by this call, or by an earlier one whose answer was lost. */
  async function giveUp({ device, connectionId, epoch }: Unreleased): Promise<boolean> {
    if (await directory.release(device, { nodeId, connectionId, epoch })) return true;
    return (await directory.locate(device)) === undefined;
  }

  async function giveUpAgain(end: Unreleased): Promise<void> {
    if (await giveUp(end)) end.announce();
    unreleased.delete(end);
  }

  return {
    async open(session, { connectionId, statusTopic }) {
      const { device } = session;
      const about = writeAbout(session, statusTopic);
      const place = writePlace(session.peer, session.clientId ?? "");
      const claim = await claimBy(session, { nodeId, connectionId, about, place });
      if (!claim) return refuse("not_allowed", "the certificate is in use elsewhere, and older there");
      const { epoch, replaced, trail } = claim;
      if (replaced) closeReplaced(device, replaced);
      if (trail) clones.noteMove(session, { epoch, trail });
      recorder.connectionOpened(session.transport);
      news.tell(session, { epoch, online: true, atMs: clock.nowMs(), statusTopic });
      services.opened(session);
      return { epoch };
    },
    async close(session, { connectionId, epoch, statusTopic, why }) {
      const { device } = session;
      recorder.connectionClosed(session.transport, why);
      const gone = { epoch, online: false, atMs: clock.nowMs(), statusTopic, why };
      try {
        const wasNewest = await turns.take(() => release({ device, connectionId, epoch }));
        if (wasNewest) news.tell(session, gone);
      } catch (error) {
        recorder.fault("release_device", error);
        // Who is told in order must not hear that a device went that has come back elsewhere meanwhile.
        const announce = news.tellQuietly(session, gone);
        if (unreleased.size < MOST_UNRELEASED) unreleased.add({ device, connectionId, epoch, announce });
      }
    },
    async part(device, carrier) {
      const location = await directory.locate(device);
      if (!location) return false;
      const { nodeId: node, epoch } = location;
      if (node === nodeId) return (await holders.closeOlder(device, epoch, { carriedBy: carrier })) > 0;
      const command = { kind: "close_connection", device, epoch, carriedBy: carrier } as const;
      return ((await bus.send(node, command, PART_WITHIN_MS))?.closedSessions ?? 0) > 0;
    },
    async flush() {
      const ends = [...unreleased];
      silence = undefined;
      try {
        for (let at = 0; at < ends.length; at += CHUNK) await Promise.all(ends.slice(at, at + CHUNK).map(giveUpAgain));
      } catch (error) {
        recorder.fault("release_device", error);
      }
    },
  };
}
