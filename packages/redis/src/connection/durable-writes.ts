import type { RunScript, ScriptArgument, ScriptDefinition } from "./script.ts";

/** Writes that somebody outside is told about when they are done: they must outlive the server that took them. */
export interface DurableWrites {
  /**
   * Carries out a command that writes to `key`.
   *
   * @throws when it failed, or fewer replicas than the handle was opened with have it in time. It may be there all the same.
   */
  call(command: string, key: string, ...args: ScriptArgument[]): Promise<unknown>;
  /** Makes a script callable, as `defineScript` does. It must write something whenever its answer says that something is there. */
  script(definition: ScriptDefinition): RunScript;
}
