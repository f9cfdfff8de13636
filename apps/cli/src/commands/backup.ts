import { createWriteStream, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { Command } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf } from "../context.ts";

/** `trine backup` and `trine restore` */
export function addBackupCommands(program: Command): void {
  program
    .command("backup <file>")
    .description(
      "Write a verified snapshot of a running gateway's embedded database; keep data/master-key apart, it is not in it",
    )
    .action(async (file: string, _options: object, command: Command) => {
      const response = await contextOf(command).api.open("POST", "/v1/backup");
      if (!response.body) throw new CliError("the gateway sent no snapshot");
      try {
        await pipeline(Readable.fromWeb(response.body as never), createWriteStream(file, { mode: 0o600, flush: true }));
      } catch (error) {
        rmSync(file, { force: true });
        throw new CliError(`the snapshot broke off: ${(error as Error).message}`);
      }
      console.log(`wrote ${file}; to restore it you also need the master key (master-key in the data folder)`);
    });

  program
    .command("restore <file>")
    .description("Put a snapshot into an empty data folder; the gateway must be stopped")
    .option("--data-dir <folder>", "data folder", process.env.TRINE_DATA_DIR || "./data")
    .action(async (file: string, options: { dataDir: string }) => {
      // Loaded when it is needed: the stores make every other command wait.
      const { restoreDataFolder } = await import("@trine/runtime");
      await restoreDataFolder(file, options.dataDir);
      console.log(
        `restored ${file} into ${options.dataDir}; put the master-key of the backed-up gateway there before you start it`,
      );
    });
}
