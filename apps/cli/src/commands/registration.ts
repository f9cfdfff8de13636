import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";

/** The modes of the switch. */
export const REGISTRATION_MODES = ["off", "listed", "open"] as const;

interface Product {
  readonly policy: Readonly<Record<string, unknown>>;
}

interface NamesOptions {
  readonly file?: string;
  readonly name: readonly string[];
  readonly prefix: readonly string[];
}

/** `trine registration ...` */
export function addRegistrationCommands(program: Command): void {
  const registration = program
    .command("registration")
    .description("Let devices register themselves with the ProductSecret");

  registration
    .command("switch <productKey> <mode>")
    .description(
      "off: nobody. listed: devices that exist and never logged in. open: unknown ones as well, which are added",
    )
    .action(async (productKey: string, mode: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const product = path`/v1/products/${productKey}`;
      const { policy } = await api.call<Product>("GET", product);
      printFacts(await api.call("PATCH", product, { policy: { ...policy, registration: mode } }), json);
    });

  registration
    .command("names <productKey>")
    .description("Replace the names that unknown devices may register themselves under")
    .option("--file <file>", "names, one a line")
    .addOption(repeated("--name <deviceName>", "a name; may be given again"))
    .addOption(repeated("--prefix <text>", "the beginning of names; may be given again"))
    .action(async (productKey: string, { file, name, prefix }: NamesOptions, command: Command) => {
      const { api, json } = contextOf(command);
      const names = [...name, ...(file === undefined ? [] : readNames(file))];
      const body = { names, prefixes: prefix };
      printFacts(await api.call("PUT", path`/v1/products/${productKey}/registration/names`, body), json);
    });

  registration
    .command("show <productKey>")
    .description("Print the names that unknown devices may register themselves under; none: every name may")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const limit = Number.POSITIVE_INFINITY;
      const { items } = await listAll(api, path`/v1/products/${productKey}/registration/names`, { limit });
      printRows(items, { json, columns: ["name", "isPrefix"] });
    });

  registration
    .command("clear <productKey>")
    .description("Take the list away: every name may register")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      await api.call("DELETE", path`/v1/products/${productKey}/registration/names`);
      printFacts({ cleared: productKey }, json);
    });
}

function repeated(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[]) => [...before, value];
  return new Option(flags, description).default([]).argParser(collect);
}

function readNames(file: string): string[] {
  try {
    return readFileSync(file, "utf8")
      .split(/\r?\n/)
      .filter((line) => line !== "");
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`);
  }
}
