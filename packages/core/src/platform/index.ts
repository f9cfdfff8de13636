export type { Platform, RunningAdapter } from "./platform.ts";
