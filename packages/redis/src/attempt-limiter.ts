import type { AttemptLimiter } from "@trine/core/ports";
import { defineScript } from "./connection/define-script.ts";
import type { RedisHandle } from "./connection/redis-handle.ts";

// What a peer that fails all the time may cost in memory. A limit above it acts as this one.
const MOST_FAILURES = 1_000;

/** Notes a failure, newest first, and forgets the key a window after the last one. */
const RECORD_FAILURE = `
local time = redis.call('TIME')
redis.call('LPUSH', KEYS[1], time[1] .. string.format('%06d', time[2]))
redis.call('LTRIM', KEYS[1], 0, ARGV[2] - 1)
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`;

/** 1 unless the limit-th newest failure lies within the window. */
const ADMITS = `
if tonumber(ARGV[1]) <= 0 then return 0 end
local failure = redis.call('LINDEX', KEYS[1], ARGV[1] - 1)
if not failure then return 1 end
local time = redis.call('TIME')
local age = time[1] * 1000000 + time[2] - failure
return age >= ARGV[2] * 1000 and 1 or 0
`;

/** Failed logins on Redis: for each peer the times of its latest failures, by the clock of the server. */
export function createRedisAttemptLimiter(redis: RedisHandle): AttemptLimiter {
  const recordFailure = defineScript(redis, { name: "RecordFailure", keys: 1, lua: RECORD_FAILURE });
  const admits = defineScript(redis, { name: "AdmitsAttempt", keys: 1, lua: ADMITS });
  return {
    admits: async (peer, limit, windowMs) =>
      (await admits(keyOf(peer), Math.min(limit, MOST_FAILURES), windowMs)) === 1,
    async recordFailure(peer, windowMs) {
      await recordFailure(keyOf(peer), windowMs, MOST_FAILURES);
    },
  };
}

function keyOf(peer: string): string {
  return `trine:attempts:${peer}`;
}
