import { pause } from "../traffic/pause.ts";
import type { Scenario } from "./scenario.ts";

const DOWN_MS = 2_000;

/** SIGKILL to Redis, which starts again from its append-only file. */
export const redisKilled: Scenario = {
  name: "redis killed",
  async strike({ redis }) {
    await redis.kill();
    await pause(DOWN_MS);
    await redis.restart();
    return [];
  },
};

/** SIGKILL to Postgres, which starts again from its log. */
export const postgresKilled: Scenario = {
  name: "postgres restarted",
  async strike({ postgres }) {
    await postgres.kill();
    await pause(DOWN_MS);
    await postgres.restart();
    return [];
  },
};
