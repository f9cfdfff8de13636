import type { Clock } from "../../ports/clock.ts";
import type { DeviceDirectory } from "../../ports/device-directory.ts";
import type { DeviceRegistry } from "../../ports/device-registry.ts";
import type { Recorder } from "../../ports/recorder.ts";
import { readAbout } from "./connection-about.ts";
import type { StatusNews } from "./status-news.ts";

/** Devices that are dealt with at once. */
const CHUNK = 200;

interface Deps {
  readonly nodeId: string;
  readonly directory: Pick<DeviceDirectory, "abandoned" | "release">;
  readonly registry: Pick<DeviceRegistry, "savePresence">;
  readonly news: Pick<StatusNews, "tell">;
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/**
 * Makes what has the devices of lost nodes become offline, once each: those that connected elsewhere meanwhile are left alone.
 *
 * Presence is written before a device is given up: should this node die in between, the next one finds it again. A caller that lost
 * touch with the directory itself must wait a lease before it judges others.
 *
 * @returns how many devices were dealt with; with `CHUNK` or more there may be others.
 */
export function createLostNodeSweep(deps: Deps): () => Promise<number> {
  const { nodeId, directory, registry, news, clock, recorder } = deps;
  return async () => {
    const left = await directory.abandoned(nodeId, CHUNK);
    if (left.length === 0) return 0;
    const known = left.map(({ device, location }) => ({ device, location, about: readAbout(device, location.about) }));
    const atMs = clock.nowMs();
    await registry.savePresence(
      known.flatMap(({ device, location: { epoch }, about }) =>
        about
          ? [{ device, iotId: about.iotId, epoch, online: false, atMs, peer: about.peer, transport: about.transport }]
          : [],
      ),
    );
    const outcomes = await Promise.all(
      known.map(async ({ device, location, about }) => {
        if (!(await directory.release(device, location))) return 0;
        const { epoch } = location;
        if (about) news.tell(about, { epoch, online: false, atMs, statusTopic: about.statusTopic, why: "node_lost" });
        return 1;
      }),
    );
    const devices = outcomes.reduce<number>((sum, each) => sum + each, 0);
    recorder.nodeLost({ nodeId: left[0]?.location.nodeId ?? "", devices });
    return left.length;
  };
}
