import { closeSync, writeSync } from "node:fs";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { type Command, Option } from "commander";
import { CliError } from "../api-client.ts";
import { type Bench, createBench } from "../burn/bench.ts";
import { FORMATS, type Format, SINGLE_FORMATS } from "../burn/formats.ts";
import { type Journal, openJournal } from "../burn/journal.ts";
import { type OpenPackage, openPackage } from "../burn/open-package.ts";
import { signReceipt } from "../burn/receipt.ts";
import { serveStation } from "../burn/station.ts";
import { openNewFile, writeNewFile } from "../new-file.ts";
import { printFacts } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

/** `trine burn ...`: the factory's side. Needs no gateway and no network. */
export function addBurnCommands(program: Command): void {
  const burn = program
    .command("burn")
    .description("In the factory: hand certificates of a package out, each once (offline)");

  burn
    .command("keygen")
    .description("Make the factory's key; its public half is what packages are made for")
    .requiredOption("--out <file>", "where the private key goes; it must not be there yet")
    .action(async ({ out }: { out: string }, command: Command) => {
      const identity = await generateX25519Identity();
      const recipient = await identityToRecipient(identity);
      writeNewFile(out, `# public key: ${recipient}\n${identity}\n`);
      printFacts({ recipient, privateKey: out }, isJson(command));
    });

  onPackage(burn.command("status <package>").description("Show how many certificates are left")).action(
    (file: string, options: PackageOptions, command: Command) =>
      withPackage(file, options, ({ opened, bench }) => {
        const { packageId, productKey, expiresAt } = opened;
        printFacts({ packageId, productKey, expiresAt, ...bench.standing() }, isJson(command));
      }),
  );

  onPackage(burn.command("next <package>").description("Hand out the next certificate, or several"))
    .addOption(new Option("--format <format>", "how it is written").choices(Object.keys(FORMATS)).default("json"))
    .option("--count <count>", "how many", wholeNumber, 1)
    .option("--label <text>", "what the station calls the device: a serial number, say")
    .option("--out <file>", "where it goes; it must not be there yet (default: standard output)")
    .action((file: string, options: NextOptions) => withPackage(file, options, ({ bench }) => handOut(bench, options)));

  onPackage(
    burn
      .command("station <package>")
      .description("Serve a burning station on standard input and output: next [label], ok NAME, failed NAME, status"),
  ).action((file: string, options: PackageOptions) =>
    withPackage(file, options, ({ bench }) => serveStation(bench, { input: process.stdin, output: process.stdout })),
  );

  onPackage(
    burn.command("spoil <package> <deviceName>").description("Note that a certificate was not burned after all"),
  ).action((file: string, deviceName: string, options: PackageOptions, command: Command) =>
    withPackage(file, options, ({ bench }) => {
      bench.settle(deviceName, "spoiled");
      printFacts({ deviceName, ...bench.standing() }, isJson(command));
    }),
  );

  onPackage(burn.command("receipt <package>").description("Sign what was handed out, for the one who made the package"))
    .option("--out <file>", "where it goes; it must not be there yet (default: standard output)")
    .action((file: string, options: PackageOptions & { out?: string }) =>
      withPackage(file, options, ({ opened, journal }) => {
        const receipt = `${signReceipt(opened, journal.fates.values())}\n`;
        if (options.out === undefined) process.stdout.write(receipt);
        else writeNewFile(options.out, receipt);
      }),
    );
}

interface PackageOptions {
  readonly identity: string;
}

interface NextOptions extends PackageOptions {
  readonly format: Format;
  readonly count: number;
  readonly label?: string;
  readonly out?: string;
}

interface AtWork {
  readonly opened: OpenPackage;
  readonly journal: Journal;
  readonly bench: Bench;
}

function onPackage(command: Command): Command {
  return command.requiredOption(
    "-i, --identity <file>",
    "the factory's private key, as trine burn keygen or age-keygen makes it",
  );
}

async function withPackage(
  file: string,
  { identity }: PackageOptions,
  work: (at: AtWork) => void | Promise<void>,
): Promise<void> {
  const opened = await openPackage(file, identity);
  const journal = openJournal(file);
  try {
    await work({ opened, journal, bench: createBench(opened, journal, () => new Date()) });
  } finally {
    journal.close();
  }
}

function handOut(bench: Bench, { format, count, label, out }: NextOptions): void {
  if (count < 1) throw new CliError("give a --count of 1 or more");
  if (count > 1 && SINGLE_FORMATS.includes(format))
    throw new CliError(`${format} describes one device; leave --count out`);
  const { left } = bench.standing();
  if (left < count)
    throw new CliError(left === 0 ? "the package has no certificate left" : `the package has only ${left} left`);
  // Opened before anything is handed out: a certificate that has nowhere to go would be lost.
  const fd = out === undefined ? undefined : openNewFile(out);
  const text = FORMATS[format](bench.take(count, label));
  if (fd === undefined) return void process.stdout.write(text);
  writeSync(fd, text);
  closeSync(fd);
}

function isJson(command: Command): boolean {
  return command.optsWithGlobals<{ json?: boolean }>().json ?? false;
}
