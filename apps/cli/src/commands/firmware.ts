import { createReadStream, existsSync } from "node:fs";
import { Readable } from "node:stream";
import type { Command } from "commander";
import { CliError } from "../api-client.ts";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";

/** `trine firmware ...` */
export function addFirmwareCommands(program: Command): void {
  const firmware = program.command("firmware").description("Files of firmware, and what devices run");

  firmware
    .command("upload <productKey> <version> <file>")
    .description("Upload a file that brings devices to a version")
    .option("--module <name>", "the part of the device that it is for", "default")
    .action(
      async (productKey: string, version: string, file: string, { module }: { module: string }, command: Command) => {
        const { api, json } = contextOf(command);
        if (!existsSync(file)) throw new CliError(`there is no file ${file}`);
        const to = path`/v1/products/${productKey}/firmware?module=${module}&version=${version}`;
        printFacts(await api.upload(to, Readable.toWeb(createReadStream(file)) as ReadableStream), json);
      },
    );

  firmware
    .command("list <productKey>")
    .description("List firmware, the newest first")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const limit = Number.POSITIVE_INFINITY;
      const { items } = await listAll(api, path`/v1/products/${productKey}/firmware`, { limit });
      printRows(items, { json, columns: ["firmwareId", "module", "version", "size", "createdAt"] });
    });

  firmware
    .command("delete <productKey> <firmwareId>")
    .description("Delete a firmware that no job needs")
    .action(async (productKey: string, firmwareId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      await api.call("DELETE", path`/v1/products/${productKey}/firmware/${firmwareId}`);
      printFacts({ deleted: firmwareId }, json);
    });

  firmware
    .command("show <productKey> <deviceName>")
    .description("Print which firmware a device runs")
    .action(async (productKey: string, deviceName: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const device = path`/v1/products/${productKey}/devices/${deviceName}/firmware`;
      const { modules } = await api.call<{ modules: Record<string, unknown>[] }>("GET", device);
      printRows(modules, { json, columns: ["module", "version", "since"] });
    });
}
