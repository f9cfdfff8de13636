import { createWriteStream, readFileSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { openNewFile } from "../new-file.ts";
import { printFacts, printRows } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

const POLL_MS = 500;
const HOUR_SECONDS = 3_600;

interface Package {
  readonly packageId: string;
  readonly status: string;
}

/** `trine packages ...`: the operator's side of the hand-over to a factory. */
export function addPackageCommands(program: Command): void {
  const packages = program
    .command("packages")
    .description("Hand certificates over to a factory, encrypted and with a receipt");

  packages
    .command("make <batchId>")
    .description("Make an encrypted package of devices of a batch that are in none yet; it can be had this once")
    .requiredOption("--recipient <key>", "public key of the factory, as trine burn keygen prints it")
    .requiredOption("--out <file>", "where the package goes; it must not be there yet")
    .option("--count <count>", "at most so many devices (default: all that are left)", wholeNumber)
    .option("--expires-hours <hours>", "nothing is handed out of it after that (default: 30 days)", wholeNumber)
    .action(async (batchId: string, options: MakeOptions, command: Command) => makePackage(batchId, options, command));

  packages
    .command("list <batchId>")
    .description("List the packages of a batch")
    .action(async (batchId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await api.call<{ items: Record<string, unknown>[] }>(
        "GET",
        path`/v1/batches/${batchId}/packages`,
      );
      printRows(items, { json, columns: ["packageId", "status", "count", "burned", "createdAt", "expiresAt"] });
    });

  packages
    .command("show <batchId> <packageId>")
    .description("Show a package")
    .action(async (batchId: string, packageId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", path`/v1/batches/${batchId}/packages/${packageId}`), json);
    });

  packages
    .command("receipt <batchId> <packageId> <file>")
    .description("Hand in the factory's receipt: the devices that it tells of are marked as burned")
    .action(async (batchId: string, packageId: string, file: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const route = path`/v1/batches/${batchId}/packages/${packageId}/receipts`;
      printFacts(await api.call("POST", route, readReceipt(file), { "content-type": "text/plain" }), json);
    });

  packages
    .command("void <batchId> <packageId>")
    .description("Void what was not used: those devices get new secrets, and may go into another package")
    .action(async (batchId: string, packageId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const route = path`/v1/batches/${batchId}/packages/${packageId}`;
      let now = await api.call<Package>("POST", `${route}/void`);
      while (now.status === "voiding") {
        await sleep(POLL_MS);
        now = await api.call<Package>("GET", route);
      }
      printFacts({ ...now }, json);
    });
}

interface MakeOptions {
  readonly recipient: string;
  readonly out: string;
  readonly count?: number;
  readonly expiresHours?: number;
}

async function makePackage(batchId: string, options: MakeOptions, command: Command): Promise<void> {
  const { recipient, out, count, expiresHours } = options;
  const { api, json } = contextOf(command);
  // Opened before anything is made: a package can be had once.
  const file = createWriteStream(out, { fd: openNewFile(out) });
  let packageId: string | undefined;
  try {
    const expires = expiresHours === undefined ? {} : { expiresInSeconds: expiresHours * HOUR_SECONDS };
    const order = { recipient, ...(count === undefined ? {} : { count }), ...expires };
    const response = await api.open("POST", path`/v1/batches/${batchId}/packages`, order);
    packageId = response.headers.get("x-package-id") ?? "";
    if (!response.body) throw new CliError("the gateway sent no package");
    await pipeline(Readable.fromWeb(response.body as never), file);
  } catch (error) {
    rmSync(out, { force: true });
    if (packageId === undefined) throw error;
    const { message } = error as Error;
    throw new CliError(
      `package ${packageId} broke off (${message}); free its devices with: trine packages void ${batchId} ${packageId}`,
    );
  }
  printFacts({ batchId, packageId, package: out }, json);
}

function readReceipt(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    throw new CliError(`cannot read ${file}: ${(error as Error).message}`);
  }
}
