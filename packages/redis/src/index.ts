export { createRedisAttemptLimiter } from "./attempt-limiter.ts";
export { openRedis } from "./connection/open-redis.ts";
export type { RedisHandle } from "./connection/redis-handle.ts";
export { createRedisControlBus } from "./control-bus.ts";
export { createRedisDeviceDirectory } from "./device-directory.ts";
export { createRedisMailbox } from "./mailbox/mailbox.ts";
export { createRedisSessionStore } from "./session-store.ts";
export { createRedisSubscriptionStore } from "./subscription-store.ts";
export { createRedisUplinkLog } from "./uplink/uplink-log.ts";
