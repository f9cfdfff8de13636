export type ScriptArgument = string | number | Buffer;

/** A Lua script that a port runs on the server, in one round trip, undivided. */
export interface ScriptDefinition {
  /** Unique within this package. */
  readonly name: string;
  /** How many of the arguments are keys, all of one slot. Fixed, for a Cluster routes by the first argument. */
  readonly keys: number;
  readonly lua: string;
}

/** Runs a script: keys first, then arguments. Text in answers comes as `Buffer`, for payloads are bytes. */
export type RunScript = (...args: ScriptArgument[]) => Promise<unknown>;
