import type { Redis } from "ioredis";
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

/** Runs a script: keys first, then arguments. Text in answers comes as `Buffer`, for payloads are bytes. */
export type RunScript = (...args: ScriptArgument[]) => Promise<unknown>;

/**
 * Makes a script callable. Its text travels once per connection.
 *
 * @param definition.durable whether somebody outside is told that it is done: see `RedisHandle.durable`.
 */
export function defineScript(
  { commands, durable }: RedisHandle,
  definition: ScriptDefinition & { readonly durable?: boolean },
): RunScript {
  return definition.durable ? durable.script(definition) : defineScriptOn(commands, definition);
}

/** As `defineScript`, on a client. */
export function defineScriptOn(client: Pick<Redis, "defineCommand">, { name, keys, lua }: ScriptDefinition): RunScript {
  const command = `trine${name}`;
  client.defineCommand(command, { lua, numberOfKeys: keys });
  const run: unknown = Reflect.get(client, `${command}Buffer`);
  if (typeof run !== "function") throw new TypeError(`${command} is not a command`);
  return (...args) => run.apply(client, args) as Promise<unknown>;
}
