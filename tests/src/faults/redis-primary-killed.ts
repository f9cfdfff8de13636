import { randomInt } from "node:crypto";
import type { RedisClusterServers, TestServer } from "@trine/testkit/servers";
import { eventually } from "../fleet.ts";
import { pause } from "../traffic/pause.ts";
import type { Scenario } from "./scenario.ts";

const DOWN_MS = 5_000;
const PROMOTED_WITHIN_MS = 15_000;

/** SIGKILL to a primary of a Redis Cluster: its replica takes over, and the old one comes back as the replica. */
export const redisPrimaryKilled: Scenario<RedisClusterServers> = {
  name: "redis cluster master killed",
  async strike({ redis }) {
    const key = `any ${randomInt(1_000_000)}`;
    const old = await redis.primaryOf(key);
    await old.kill();
    await eventually(
      () => redis.primaryOf(key).catch(() => old),
      (primary: TestServer) => primary !== old,
      PROMOTED_WITHIN_MS,
    );
    await pause(DOWN_MS);
    await old.restart();
    return [];
  },
};
