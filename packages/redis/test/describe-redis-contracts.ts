import {
  createRedisAttemptLimiter,
  createRedisControlBus,
  createRedisDeviceDirectory,
  createRedisMailbox,
  createRedisSessionStore,
  createRedisSubscriptionStore,
  createRedisUplinkLog,
  openRedis,
  type RedisHandle,
} from "@trine/redis";
import {
  describeAttemptLimiter,
  describeControlBus,
  describeDeviceDirectory,
  describeMailbox,
  describeSessionStore,
  describeSharedDeviceDirectory,
  describeSubscriptionStore,
  describeUplinkLog,
} from "@trine/testkit/ports";
import { afterAll, beforeAll } from "vitest";

interface RunningServer {
  readonly url: string;
  dispose(): Promise<void>;
}

/**
 * Runs the contract suite of every port on servers that the test starts, with two processes' worth of connections.
 *
 * @param replicas how many replicas a write waits for.
 */
export function describeRedisContracts(
  name: string,
  start: () => Promise<RunningServer>,
  { replicas = 0 }: { replicas?: number } = {},
): void {
  let server: RunningServer | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.dispose());

  function on<T>(create: (redis: RedisHandle) => T) {
    return async () => {
      const open = () => openRedis({ url: server?.url ?? "", replicas, onFault: () => undefined });
      const [one, two] = [await open(), await open()];
      return {
        store: create(one),
        second: create(two),
        async dispose() {
          await one.close();
          await two.close();
        },
      };
    };
  }

  describeAttemptLimiter(name, on(createRedisAttemptLimiter));
  describeControlBus(name, on(createRedisControlBus));
  describeDeviceDirectory(name, on(createRedisDeviceDirectory));
  describeSharedDeviceDirectory(name, on(createRedisDeviceDirectory));
  describeMailbox(
    name,
    on((redis) => createRedisMailbox(redis)),
  );
  describeSessionStore(name, on(createRedisSessionStore));
  describeSubscriptionStore(name, on(createRedisSubscriptionStore));
  describeUplinkLog(name, on(createRedisUplinkLog));
}
