import type { RedisHandle } from "./redis-handle.ts";

export type ScriptArgument = string | number | Buffer;

/** A Lua script that a port runs on the server, in one round trip, undivided. */
export interface ScriptDefinition {
  /** Unique within this package. */
  readonly name: string;
  /** How many of the arguments are keys, all of one slot. Fixed, for a Cluster routes by the first argument. */
  readonly keys: number;
  readonly lua: string;
}

/**
 * Makes a script callable: keys first, then arguments. Its text travels once per connection.
 *
 * Text in answers comes as `Buffer`, for payloads are bytes.
 */
export function defineScript(
  { commands }: RedisHandle,
  { name, keys, lua }: ScriptDefinition,
): (...args: ScriptArgument[]) => Promise<unknown> {
  const command = `trine${name}`;
  commands.defineCommand(command, { lua, numberOfKeys: keys });
  const run: unknown = Reflect.get(commands, `${command}Buffer`);
  if (typeof run !== "function") throw new TypeError(`${command} is not a command`);
  return (...args) => run.apply(commands, args) as Promise<unknown>;
}
