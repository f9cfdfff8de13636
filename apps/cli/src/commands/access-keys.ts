import type { Command } from "commander";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";
import { type NewKey, newKeyOf, withLimits } from "./api-keys.ts";

/** `trine access-keys ...` */
export function addAccessKeyCommands(program: Command): void {
  const keys = program
    .command("access-keys")
    .description("Make, list and revoke the keys that sign requests of the vendor's cloud API");

  withLimits(keys.command("create <name>"))
    .description("Make an access key; its secret is printed here and never again")
    .action(async (name: string, options: NewKey, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("POST", "/v1/access-keys", newKeyOf(name, options)), json);
    });

  keys
    .command("list")
    .description("List access keys, newest first")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await listAll(api, "/v1/access-keys", { limit: Number.POSITIVE_INFINITY });
      printRows(items, { json, columns: ["accessKeyId", "name", "role", "products", "lastUsedAt", "expiresAt"] });
    });

  keys
    .command("revoke <accessKeyId>")
    .description("Delete an access key for good; it is refused from the next request on")
    .action(async (accessKeyId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      await api.call("DELETE", path`/v1/access-keys/${accessKeyId}`);
      printFacts({ revoked: accessKeyId }, json);
    });
}
