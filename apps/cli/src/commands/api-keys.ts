import type { Command } from "commander";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";
import { wholeNumber } from "../whole-number.ts";

const DAY_MS = 86_400_000;

/** What `withLimits` reads. */
export interface NewKey {
  readonly role: string;
  readonly product: readonly string[];
  readonly expiresDays?: number;
}

/** Gives the command that makes a key the options that say what the key may do. */
export function withLimits(create: Command): Command {
  return create
    .requiredOption("--role <role>", "viewer, operator or admin")
    .option("--product <productKey>", "limit it to a product; may be given again", collect, [])
    .option("--expires-days <days>", "days until it expires (default: never)", wholeNumber);
}

/** The body that asks for a key. */
export function newKeyOf(name: string, { role, product, expiresDays }: NewKey): object {
  return {
    name,
    role,
    ...(product.length > 0 ? { products: product } : {}),
    ...(expiresDays === undefined ? {} : { expiresAt: new Date(Date.now() + expiresDays * DAY_MS).toISOString() }),
  };
}

/** `trine api-keys ...` */
export function addApiKeyCommands(program: Command): void {
  const keys = program.command("api-keys").description("Make, list, rotate and revoke the keys that open the REST API");

  withLimits(keys.command("create <name>"))
    .description("Make a key; it is printed here and never again")
    .action(async (name: string, options: NewKey, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("POST", "/v1/api-keys", newKeyOf(name, options)), json);
    });

  keys
    .command("list")
    .description("List keys, newest first")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await listAll(api, "/v1/api-keys", { limit: Number.POSITIVE_INFINITY });
      printRows(items, { json, columns: ["keyId", "name", "role", "products", "lastUsedAt", "expiresAt"] });
    });

  keys
    .command("show <keyId>")
    .description("Show a key")
    .action(async (keyId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", path`/v1/api-keys/${keyId}`), json);
    });

  keys
    .command("rotate <keyId>")
    .description("Give a key a new text; the one before works until the grace ends")
    .option("--grace <seconds>", "how long (default: a day; 0: not at all)", wholeNumber)
    .action(async (keyId: string, { grace }: { grace?: number }, command: Command) => {
      const { api, json } = contextOf(command);
      const body = grace === undefined ? {} : { graceSeconds: grace };
      printFacts(await api.call("POST", path`/v1/api-keys/${keyId}/rotate`, body), json);
    });

  keys
    .command("revoke <keyId>")
    .description("Delete a key for good; it is refused from the next request on")
    .action(async (keyId: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts({ revoked: keyId, ...(await api.call<object>("DELETE", path`/v1/api-keys/${keyId}`)) }, json);
    });

  keys
    .command("whoami")
    .description("Show the key that this command uses, and what it may do")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { session: _, ...who } = await api.call<Record<string, unknown>>("GET", "/v1/session");
      printFacts(who, json);
    });
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
