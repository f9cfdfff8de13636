import { createWriteStream, readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { SingleBar } from "cli-progress";
import type { Command } from "commander";
import { type ApiClient, CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { printFacts } from "../output.ts";

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
    .option("--count <count>", "how many, with drawn names or --prefix")
    .option("--prefix <text>", "names are the prefix and a number")
    .option("--csv <file>", "names from a file: one a line, or with a header deviceName,nickname,tag.K")
    .option("--dry-run", "check only")
    .requiredOption("--out <file>", "where the certificates go")
    .action(async (productKey: string, options: BatchOptions, command: Command) => {
      const { api, json } = contextOf(command);
      await registerBatch(api, productKey, { ...options, json });
    });
}

interface BatchOptions {
  readonly count?: string;
  readonly prefix?: string;
  readonly csv?: string;
  readonly dryRun?: boolean;
  readonly out: string;
}

async function registerBatch(
  api: ApiClient,
  productKey: string,
  options: BatchOptions & { json: boolean },
): Promise<void> {
  const { count, prefix, csv, dryRun = false, out, json } = options;
  if ((count === undefined) === (csv === undefined)) throw new CliError("give either --count or --csv");
  const url = `${path`/v1/products/${productKey}/batches`}?dryRun=${dryRun}`;
  const answer = csv
    ? await api.call<Partial<Batch>>("POST", url, readFileSync(csv, "utf8"), { "content-type": "text/csv" })
    : await api.call<Partial<Batch>>("POST", url, { count: Number(count), prefix });
  if (!answer.batchId) {
    printFacts(answer, json);
    return;
  }
  const batch = await waitForBatch(api, answer.batchId, !json);
  const response = await api.open("GET", path`/v1/batches/${batch.batchId}/certificates.csv`);
  if (!response.body) throw new CliError("the gateway sent no certificates");
  // Secrets: for the owner's eyes only.
  await pipeline(Readable.fromWeb(response.body as never), createWriteStream(out, { mode: 0o600 }));
  printFacts({ batchId: batch.batchId, registered: batch.done, failed: batch.failed, certificates: out }, json);
  for (const { line, deviceName, code, message } of batch.errors)
    console.error(`line ${line}: ${deviceName}: ${message} (${code})`);
  if (batch.failed > 0) process.exitCode = 1;
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
