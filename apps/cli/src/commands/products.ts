import { type Command, Option } from "commander";
import { contextOf, path } from "../context.ts";
import { listAll } from "../list-all.ts";
import { printFacts, printRows } from "../output.ts";
import { REGISTRATION_MODES } from "./registration.ts";

interface CreateOptions {
  readonly gateway?: boolean;
  readonly derived?: boolean;
  readonly registration?: string;
}

/** `trine products ...` */
export function addProductCommands(program: Command): void {
  const products = program.command("products").description("Create, list, show and delete products");

  products
    .command("create <name>")
    .description("Create a product")
    .option("--gateway", "its devices carry sub-devices")
    .option("--derived", "compute the devices' secrets from one seed, instead of storing one for each; for ever")
    .addOption(new Option("--registration <mode>", "devices register themselves").choices(REGISTRATION_MODES))
    .action(async (name: string, options: CreateOptions, command: Command) => {
      const { api, json } = contextOf(command);
      const nodeType = options.gateway ? "gateway" : "device";
      const secretMode = options.derived ? "derived" : "stored";
      const { registration } = options;
      const policy = registration === undefined ? undefined : { registration };
      printFacts(await api.call("POST", "/v1/products", { name, nodeType, secretMode, policy }), json);
    });

  products
    .command("list")
    .description("List products")
    .action(async (_options: object, command: Command) => {
      const { api, json } = contextOf(command);
      const { items } = await listAll(api, "/v1/products", { limit: Number.POSITIVE_INFINITY });
      printRows(items, { json, columns: ["productKey", "name", "nodeType", "secretMode", "createdAt"] });
    });

  products
    .command("show <productKey>")
    .description("Show a product")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      printFacts(await api.call("GET", path`/v1/products/${productKey}`), json);
    });

  products
    .command("delete <productKey>")
    .description("Delete a product without devices")
    .action(async (productKey: string, _options: object, command: Command) => {
      const { api, json } = contextOf(command);
      await api.call("DELETE", path`/v1/products/${productKey}`);
      printFacts({ deleted: productKey }, json);
    });
}
