export type { NatsHandle } from "./connection/nats-handle.ts";
export { openNats } from "./connection/open-nats.ts";
export { createNatsUplinkLog } from "./uplink/uplink-log.ts";
