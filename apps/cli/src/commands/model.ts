import { readFile } from "node:fs/promises";
import type { Command } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { printFacts } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

interface Options {
  readonly validate?: string;
  readonly historyDays?: number;
}

/** `trine model ...` */
export function addModelCommands(program: Command): void {
  const model = program.command("model").description("The thing model of a product: the vendor's TSL JSON");

  model
    .command("export <productKey>")
    .description("Print the thing model, as it was imported")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api } = contextOf(command);
      const shown = await api.call<{ model: object }>("GET", modelOf(productKey));
      console.log(JSON.stringify(shown.model, null, 2));
    });

  model
    .command("import <productKey> <file>")
    .description("Put a thing model in the place of the one before")
    .action(async (productKey: string, file: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("PUT", modelOf(productKey), await readJson(file)), json);
    });

  model
    .command("options <productKey>")
    .description("Show or change what becomes of values")
    .option("--validate <how>", "off, report or enforce")
    .option("--history-days <days>", "how long values and events are kept; 0: not at all", wholeNumber)
    .action(async (productKey: string, { validate, historyDays }: Options, command: Command) => {
      const { api, json } = contextOf(command);
      const body = {
        ...(validate === undefined ? {} : { validate }),
        ...(historyDays === undefined ? {} : { historyDays }),
      };
      const options = `${modelOf(productKey)}/options`;
      const isChange = Object.keys(body).length > 0;
      printFacts(await (isChange ? api.call("PATCH", options, body) : api.call("GET", options)), json);
    });
}

function modelOf(productKey: string): string {
  return path`/v1/products/${productKey}/model`;
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new CliError(`${file}: ${(error as Error).message}`);
  }
}
