export { StartError } from "./process/start-error.ts";
// What a program needs that only reads settings: the stores behind the front door take half a second to load.
export { type Environment, readEnvironment } from "./settings/load-settings.ts";
