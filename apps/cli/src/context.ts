import { readEnvironment } from "@trine/runtime/environment";
import type { Command } from "commander";
import { type ApiClient, createApiClient, findApi } from "./api-client.ts";

/** What every command gets. */
export interface CommandContext {
  readonly api: ApiClient;
  readonly json: boolean;
}

/** Reads the options that all commands share. */
export function contextOf(command: Command): CommandContext {
  const { url, key, json = false } = command.optsWithGlobals<{ url?: string; key?: string; json?: boolean }>();
  const given = { ...(url === undefined ? {} : { url }), ...(key === undefined ? {} : { key }) };
  return { api: createApiClient(findApi(given, readEnvironment())), json };
}

/** A path of the API with its parameters escaped. */
export function path(strings: TemplateStringsArray, ...values: readonly string[]): string {
  return String.raw({ raw: strings }, ...values.map(encodeURIComponent));
}
