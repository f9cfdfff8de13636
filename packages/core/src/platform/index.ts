export { type Core, createPlatform } from "./create-platform.ts";
export type { Operators } from "./operators.ts";
export type { Platform, RunningAdapter } from "./platform.ts";
export type { PlatformOptions, PlatformPorts, PlatformSettings } from "./platform-ports.ts";
export type { ServiceCore } from "./service-core.ts";
export type { Upkeep } from "./upkeep.ts";
