import type { Command } from "commander";
import { contextOf } from "../context.ts";
import { printFacts } from "../output.ts";

interface Status extends Readonly<Record<string, unknown>> {
  readonly total: number;
  readonly done: number;
  readonly masterKeys: readonly { readonly id: string; readonly state: string }[];
  readonly dataKeys: readonly { readonly id: string; readonly active: boolean }[];
}

/** `trine keys ...` */
export function addKeyCommands(program: Command): void {
  const keys = program.command("keys").description("Show and rotate the keys that encrypt secrets at rest");

  keys
    .command("status")
    .description("Show the keys, how far a rotation is, and which lines of the master key file may go")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      print((await api.call("GET", "/v1/keys")) as Status, json);
    });

  keys
    .command("rotate")
    .description("Make a new data key and seal every stored secret again under it, in the background")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      print((await api.call("POST", "/v1/keys/rotate")) as Status, json);
    });
}

function print(status: Status, json: boolean): void {
  if (json) {
    printFacts(status, true);
    return;
  }
  const { masterKeys, dataKeys, total, done, ...facts } = status;
  const progress = { progress: `${done} of ${total}` };
  const masters = masterKeys.map(({ id, state }) => [`master key ${id}`, state === "unneeded" ? "may go" : state]);
  printFacts({ ...facts, ...progress, dataKeys: dataKeys.length, ...Object.fromEntries(masters) }, false);
}
