export type { Accepted, Connections, Downlink, Publish, SessionHolder, Uplink } from "./contracts.ts";
