import { createWriteStream, readFileSync, rmSync, type WriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { type ApiClient, CliError } from "../api-client.ts";
import { type CommandContext, contextOf, path } from "../context.ts";
import { openNewFile } from "../new-file.ts";
import { printFacts } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

const POLL_MS = 200;

interface Batch {
  readonly batchId: string;
  readonly status: string;
  readonly total: number;
  readonly done: number;
  readonly failed: number;
  readonly errors: readonly { line: number; deviceName: string; code: string; message: string }[];
}

/** `trine certificates ...` */
export function addCertificateCommands(program: Command): void {
  const certificates = program.command("certificates").description("Take device certificates out, one or many");

  certificates
    .command("show <productKey> <deviceName>")
    .description("Print a device certificate (the read is in the audit log)")
    .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", path`/v1/products/${productKey}/devices/${deviceName}/certificate`), json);
    });

  certificates
    .command("batch <productKey>")
    .description("Register many devices and write their certificates as CSV")
    .option("--count <count>", "how many, with drawn names or --prefix", wholeNumber)
    .option("--prefix <text>", "names are the prefix and a number")
    .option("--csv <file>", "names from a file: one a line, or with a header deviceName,nickname,tag.K")
    .option("--dry-run", "check only")
    .option("--out <file>", "where the certificates go; it must not be there yet")
    .action(async (productKey: string, options: BatchOptions, command: Command) => {
      await registerBatch(contextOf(command), productKey, options);
    });

  certificates
    .command("export <batchId>")
    .description("Write the certificates of a batch as CSV once more")
    .requiredOption("--out <file>", "where the certificates go; it must not be there yet")
    .action(async (batchId: string, { out }: { out: string }, command: Command) => {
      const { api, json } = contextOf(command);
      await exportCertificates(api, batchId, createWriteStream(out, { fd: openNewFile(out) }));
      printFacts({ batchId, certificates: out }, json);
    });
}

interface BatchOptions {
  readonly count?: number;
  readonly prefix?: string;
  readonly csv?: string;
  readonly dryRun?: boolean;
  readonly out?: string;
}

async function registerBatch({ api, json }: CommandContext, productKey: string, options: BatchOptions): Promise<void> {
  const { dryRun = false, out } = options;
  const request = requestOf(options);
  const url = `${path`/v1/products/${productKey}/batches`}?dryRun=${dryRun}`;
  if (dryRun) {
    const { errors = [], ...counts } = await api.call<Partial<Batch>>("POST", url, request.body, request.headers);
    reportErrors({ ...counts }, errors, json);
    return;
  }
  if (out === undefined) throw new CliError("give --out, the file where the certificates go");
  // Opened before anything is registered: certificates that have nowhere to go are of no use.
  const file = createWriteStream(out, { fd: openNewFile(out) });
  try {
    const { batchId } = await api.call<Batch>("POST", url, request.body, request.headers);
    const { done, failed, errors } = await waitForBatch(api, batchId, !json);
    await exportCertificates(api, batchId, file);
    reportErrors({ batchId, registered: done, failed, certificates: out }, errors, json);
  } finally {
    if (file.bytesWritten === 0) rmSync(out, { force: true });
  }
}

function requestOf({ count, prefix, csv }: BatchOptions) {
  if ((count === undefined) === (csv === undefined)) throw new CliError("give either --count or --csv");
  if (csv === undefined) return { body: { count, prefix }, headers: {} };
  try {
    return { body: readFileSync(csv, "utf8"), headers: { "content-type": "text/csv" } };
  } catch (error) {
    throw new CliError(`cannot read ${csv}: ${(error as Error).message}`);
  }
}

async function exportCertificates(api: ApiClient, batchId: string, file: WriteStream): Promise<void> {
  const again = `try again with: trine certificates export ${batchId} --out FILE`;
  const response = await api.open("GET", path`/v1/batches/${batchId}/certificates.csv`);
  if (!response.body) throw new CliError(`the gateway sent no certificates; ${again}`);
  await pipeline(Readable.fromWeb(response.body as never), file).catch((error: Error) => {
    // Part of a file looks like the whole one.
    rmSync(file.path, { force: true });
    throw new CliError(`the certificates broke off (${error.message}); ${again}`);
  });
}

/** Lines that failed go to standard error, one a line, and make the exit code 1. */
function reportErrors(facts: Readonly<Record<string, unknown>>, errors: Batch["errors"], json: boolean): void {
  printFacts(json ? { ...facts, errors } : facts, json);
  for (const { line, deviceName, code, message } of errors)
    console.error(`line ${line}: ${deviceName}: ${message} (${code})`);
  if (errors.length > 0) process.exitCode = 1;
}

async function waitForBatch(api: ApiClient, batchId: string, showProgress: boolean): Promise<Batch> {
  const bar = new SingleBar({
    format: "registering {bar} {value}/{total}",
    noTTYOutput: false,
    stream: process.stderr,
  });
  if (showProgress) bar.start(1, 0);
  try {
    for (;;) {
      const batch = await api.call<Batch>("GET", path`/v1/batches/${batchId}`);
      bar.setTotal(batch.total);
      bar.update(batch.done + batch.failed);
      if (batch.status === "done") return batch;
      await sleep(POLL_MS);
    }
  } finally {
    bar.stop();
  }
}
