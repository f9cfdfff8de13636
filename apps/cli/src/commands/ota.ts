import { type Command, Option } from "commander";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

interface StartOptions {
  readonly module: string;
  readonly device: readonly string[];
  readonly prefix?: string;
  readonly from: readonly string[];
  readonly percent?: number;
  readonly rate?: number;
  readonly timeout?: number;
  readonly retries?: number;
  readonly stopAt?: number;
  readonly push: boolean;
}

/** `trine ota ...` */
export function addOtaCommands(program: Command): void {
  const ota = program.command("ota").description("Jobs that bring firmware to devices");

  ota
    .command("start <productKey> <version>")
    .description("Bring a firmware to devices: to all of the product, unless an option says which")
    .option("--module <name>", "the part of the device", "default")
    .addOption(repeated("--device <name>", "only this device; may be given again"))
    .option("--prefix <text>", "only devices whose name begins so")
    .addOption(repeated("--from <version>", "only devices that run it; may be given again"))
    .option("--percent <number>", "only a part of them", Number)
    .option("--rate <devices>", "devices a minute", wholeNumber)
    .option("--timeout <seconds>", "how long a device has", wholeNumber)
    .option("--retries <times>", "further times that a device that failed is told", wholeNumber)
    .option("--stop-at <percent>", "pause when more have failed", wholeNumber)
    .option("--no-push", "tell nobody: devices have to ask")
    .action(async (productKey: string, version: string, options: StartOptions, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("POST", "/v1/ota-jobs", { productKey, version, ...rulesOf(options) }), json);
    });

  ota
    .command("list")
    .description("List jobs, the newest first")
    .option("--product <productKey>", "only of this product")
    .action(async ({ product }: { product?: string }, command: Command) => {
      const { api, json } = contextOf(command);
      const query = product === undefined ? {} : { productKey: product };
      const { items } = await listAll(api, "/v1/ota-jobs", { limit: Number.POSITIVE_INFINITY, query });
      printRows(items, { json, columns: ["jobId", "productKey", "module", "version", "state", "createdAt"] });
    });

  ota
    .command("show <jobId>")
    .description("Print a job, and how many of its devices stand where")
    .action(async (jobId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", path`/v1/ota-jobs/${jobId}`), json);
    });

  ota
    .command("devices <jobId>")
    .description("List the devices of a job")
    .action(async (jobId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await listAll(api, path`/v1/ota-jobs/${jobId}/devices`, { limit: Number.POSITIVE_INFINITY });
      printRows(items, { json, columns: ["deviceName", "state", "attempts", "step", "reason", "changedAt"] });
    });

  for (const order of ["pause", "resume", "cancel"] as const)
    ota
      .command(`${order} <jobId>`)
      .description(`${order[0]?.toUpperCase()}${order.slice(1)} a job`)
      .action(async (jobId: string, _options: object, command: Command) => {
        const { api, json } = contextOf(command);
        printFacts(await api.call("POST", `${path`/v1/ota-jobs/${jobId}`}/${order}`), json);
      });
}

function rulesOf({ module, device, prefix, from, percent, rate, timeout, retries, stopAt, push }: StartOptions) {
  return {
    module,
    ...(device.length > 0 ? { deviceNames: device } : {}),
    filter: {
      ...(prefix === undefined ? {} : { namePrefix: prefix }),
      ...(from.length > 0 ? { sourceVersions: from } : {}),
      ...(percent === undefined ? {} : { percent }),
    },
    push,
    ...(rate === undefined ? {} : { ratePerMinute: rate }),
    ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
    ...(retries === undefined ? {} : { retries }),
    ...(stopAt === undefined ? {} : { stopAtFailurePercent: stopAt }),
  };
}

function repeated(flags: string, description: string): Option {
  const collect = (value: string, before: readonly string[]) => [...before, value];
  return new Option(flags, description).default([]).argParser(collect);
}
