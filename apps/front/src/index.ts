export { type FrontSettings, frontSettings } from "./settings.ts";
export { startFront } from "./start-front.ts";
