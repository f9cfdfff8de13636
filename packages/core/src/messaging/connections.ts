import type { DeviceRef } from "../certificate/names.ts";
import type { Clock } from "../ports/clock.ts";
import type { ControlBus } from "../ports/control-bus.ts";
import type { DeviceDirectory, DeviceLocation } from "../ports/device-directory.ts";
import type { Recorder } from "../ports/recorder.ts";
import { writeAbout } from "./connection-about.ts";
import type { Connections, SessionHolder } from "./contracts.ts";
import type { StatusNews } from "./status-news.ts";

interface Deps {
  readonly nodeId: string;
  readonly directory: DeviceDirectory;
  readonly bus: Pick<ControlBus, "notify">;
  readonly holders: Pick<SessionHolder, "closeOlder">;
  readonly news: StatusNews;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/**
 * Keeps one connection a device over all nodes: the newest claims the directory, and the one before is closed where it is.
 *
 * Only the claim is waited for. Closing the older one, presence and announcements follow. Should the order to close be lost, the node that
 * missed it compares what it holds with the directory as soon as it is back (`recheckConnections`).
 */
export function createConnections(deps: Deps): Connections {
  const { nodeId, directory, bus, holders, news, recorder } = deps;

  function closeReplaced(device: DeviceRef, { nodeId: node, epoch }: DeviceLocation): void {
    const closing =
      node === nodeId
        ? holders.closeOlder(device, epoch)
        : bus.notify(node, { kind: "close_connection", device, epoch });
    closing.catch((error: unknown) => recorder.fault("close_replaced", error));
  }

  return {
    async open(session, { connectionId, statusTopic }) {
      const { device } = session;
      const about = writeAbout(session, statusTopic);
      const { epoch, replaced } = await directory.claim(device, { nodeId, connectionId, about });
      if (replaced) closeReplaced(device, replaced);
      recorder.connectionOpened(session.transport);
      news.tell(session, { epoch, online: true, statusTopic });
      return { epoch };
    },
    async close(session, { connectionId, epoch, statusTopic, why }) {
      recorder.connectionClosed(session.transport, why);
      const gone = { epoch, online: false, statusTopic, why };
      try {
        const wasNewest = await directory.release(session.device, { nodeId, connectionId, epoch });
        if (wasNewest) news.tell(session, gone);
      } catch (error) {
        recorder.fault("release_device", error);
        // The store is down: what is written behind still tells the truth, and the epoch keeps it from undoing a newer login.
        news.tell(session, gone);
      }
    },
  };
}
