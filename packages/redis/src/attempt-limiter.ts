import type { AttemptLimiter } from "@trine/core/ports";
import { defineScript } from "./connection/define-script.ts";
import type { RedisHandle } from "./connection/redis-handle.ts";

/**
 * What is kept of a count is when it will be down to nothing, in ms by the clock of the server; the key goes at that time.
 * ARGV: how many are added, the time in which one goes, the most. Numbers travel as text: a script's number would lose its fraction.
 */
const ADD_FAILURES = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + ARGV[1] * ARGV[2]
local left = math.min(empty - now, ARGV[3] * ARGV[2])
redis.call('SET', KEYS[1], string.format('%.3f', now + left), 'PX', math.max(1, math.ceil(left)))
return string.format('%.6f', left / ARGV[2])
`;

/** Failed logins on Redis: one number for each key that failed lately. */
export function createRedisAttemptLimiter(redis: RedisHandle): AttemptLimiter {
  const addFailures = defineScript(redis, { name: "AddFailures", keys: 1, lua: ADD_FAILURES });
  return {
    async addFailures(key, count, { everyMs, most }) {
      return Number(String(await addFailures(`trine:failures:${key}`, count, everyMs, most)));
    },
  };
}
