import type { Session } from "../auth/session.ts";
import { deviceKey } from "../certificate/names.ts";
import type { Clock } from "../ports/clock.ts";
import type { ControlBus } from "../ports/control-bus.ts";
import type { DeviceDirectory, DeviceLocation } from "../ports/device-directory.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { Connections, SessionHolder, Uplink } from "./contracts.ts";
import { createInTurn } from "./in-turn.ts";
import type { PresenceWriter } from "./presence-writer.ts";
import { statusBody } from "./status-body.ts";

interface Deps {
  readonly nodeId: string;
  readonly directory: DeviceDirectory;
  readonly bus: Pick<ControlBus, "notify">;
  readonly holders: Pick<SessionHolder, "closeOlder">;
  readonly presence: PresenceWriter;
  readonly uplink: Pick<Uplink, "announce">;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** `Connections`, and what its owner needs at the end. */
export interface RunningConnections extends Connections {
  /** Resolves when what was to be announced so far is in the uplink log, or has failed and was recorded. */
  settled(): Promise<void>;
}

/**
 * Keeps one connection a device over all nodes: the newest claims the directory, and the one before is closed where it is.
 *
 * Only the claim is waited for. Closing the older one, presence and announcements follow; what they tell carries the epoch, so
 * that it may arrive late without harm.
 */
export function createConnections(deps: Deps): RunningConnections {
  const { nodeId, directory, bus, holders, presence, uplink, clock, recorder } = deps;
  const announcements = createInTurn();

  function closeReplaced(session: Session, { nodeId: node, epoch }: DeviceLocation): void {
    const { device } = session;
    const closing =
      node === nodeId
        ? holders.closeOlder(device, epoch)
        : bus.notify(node, { kind: "close_connection", device, epoch });
    closing.catch((error: unknown) => recorder.fault("close_replaced", error));
  }

  function tell(session: Session, change: { epoch: number; online: boolean; statusTopic: string }): void {
    const { device, iotId, peer, transport } = session;
    const atMs = clock.nowMs();
    presence.note({ device, iotId, epoch: change.epoch, online: change.online, atMs, peer, transport });
    // One after the other: an application must not read "offline" before the "online" that it ends.
    announcements
      .run(deviceKey(device), () =>
        uplink.announce(device, change.statusTopic, statusBody(session, change.online, atMs)),
      )
      .catch((error: unknown) => recorder.fault("announce_status", error));
  }

  return {
    async open(session, { connectionId, statusTopic }) {
      const { epoch, replaced } = await directory.claim(session.device, { nodeId, connectionId });
      if (replaced) closeReplaced(session, replaced);
      recorder.connectionOpened(session.transport);
      tell(session, { epoch, online: true, statusTopic });
      return { epoch };
    },
    async close(session, { epoch, statusTopic, why }) {
      recorder.connectionClosed(session.transport, why);
      try {
        const wasNewest = await directory.release(session.device, epoch);
        if (wasNewest) tell(session, { epoch, online: false, statusTopic });
      } catch (error) {
        recorder.fault("release_device", error);
        // The store is down: what is written behind still tells the truth, and the epoch keeps it from undoing a newer login.
        tell(session, { epoch, online: false, statusTopic });
      }
    },
    settled: () => announcements.settled(),
  };
}
