import type { Command } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { printFacts } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

interface SetOptions {
  readonly replace?: boolean;
  readonly version?: number;
}

/** `trine shadow ...` */
export function addShadowCommands(program: Command): void {
  const shadow = program.command("shadow").description("What devices reported, and what they are to be");

  shadow
    .command("get <productKey> <deviceName>")
    .description("Print the shadow of a device")
    .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", shadowOf(productKey, deviceName)), json);
    });

  shadow
    .command("set <productKey> <deviceName> <json>")
    .description(`Change what a device is to be, e.g. '{"color":"green","blink":null}'; null takes an attribute away`)
    .option("--replace", "desire nothing but this")
    .option("--version <version>", "the version that the shadow is to have; has to exceed the stored one", wholeNumber)
    .action(async (productKey: string, deviceName: string, text: string, options: SetOptions, command: Command) => {
      const { api, json } = contextOf(command);
      const { version } = options;
      const body = { desired: parseJson(text), ...(version === undefined ? {} : { version }) };
      const method = options.replace ? "PUT" : "PATCH";
      printFacts(await api.call(method, shadowOf(productKey, deviceName), body), json);
    });

  shadow
    .command("clear <productKey> <deviceName>")
    .description("Desire nothing of a device any more")
    .option("--all", "delete the whole shadow, with what was reported and its version")
    .action(async (productKey: string, deviceName: string, options: { all?: boolean }, command: Command) => {
      const { api, json } = contextOf(command);
      const of = shadowOf(productKey, deviceName);
      const [method, body] = options.all ? ["DELETE"] : (["PUT", { desired: {} }] as const);
      printFacts(await api.call(method, of, body), json);
    });
}

function shadowOf(productKey: string, deviceName: string): string {
  return path`/v1/products/${productKey}/devices/${deviceName}/shadow`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CliError(`${text} is no JSON; put it in single quotes, with the names in double ones`);
  }
}
