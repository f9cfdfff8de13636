import type { Redis } from "ioredis";
import type { RedisHandle } from "./redis-handle.ts";
import type { RunScript, ScriptDefinition } from "./script.ts";

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
