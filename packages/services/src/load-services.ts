import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { migrate, type SqlDatabase } from "@trine/postgres";
import { z } from "zod";
import type { DeviceService } from "./contracts.ts";

/** The folder that holds the services, each in one of its own: this one. */
const SERVICES = fileURLToPath(new URL(".", import.meta.url));

/** A service as it was found. */
export interface FoundService {
  readonly definition: DeviceService;
  /** The SQL of its tables, if it has any. */
  readonly migrations: string | undefined;
}

/**
 * Finds every service in folders of services: nothing lists them, so that a new one is a new folder and no more.
 *
 * @param more folders beside the built-in one.
 * @throws when a folder cannot be read, or a file `service` exports none.
 */
export async function findServices(more: readonly string[] = []): Promise<readonly FoundService[]> {
  const files = [SERVICES, ...more].flatMap(serviceFiles);
  const found = await Promise.all(files.map(readService));
  const names = found.map(({ definition }) => definition.name);
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw new Error(`two services are called ${twice}`);
  return found;
}

/** The environment variables of services. */
export function settingsOf(services: readonly FoundService[]): z.ZodObject {
  return z.object(Object.assign({}, ...services.map(({ definition }) => definition.settings ?? {})));
}

/** Brings the tables of services up to date. */
export async function migrateServices(database: SqlDatabase, services: readonly FoundService[]): Promise<void> {
  for (const { definition, migrations } of services)
    if (migrations) await migrate(database, { folder: migrations, table: `migrations_${definition.name}` });
}

function serviceFiles(folder: string): readonly string[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => ["service.ts", "service.js"].map((file) => join(folder, name, file)).find(existsSync))
    .filter((file) => file !== undefined)
    .sort();
}

async function readService(file: string): Promise<FoundService> {
  const { service } = (await import(pathToFileURL(file).href)) as { service?: DeviceService };
  if (!service) throw new Error(`${file} exports no service`);
  const migrations = join(file, "..", "migrations");
  return { definition: service, migrations: existsSync(migrations) ? migrations : undefined };
}
