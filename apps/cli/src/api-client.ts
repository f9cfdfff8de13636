import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Environment } from "@trine/runtime/environment";

/** Where the REST API is and how to get in. */
export interface ApiAddress {
  readonly url: string;
  readonly key: string;
}

/** A fault that its reader can mend: printed as one line, exit code 1. */
export class CliError extends Error {}

/**
 * The address from the options, else from the environment that the gateway itself reads.
 *
 * @throws CliError when no key can be found, or what was given is no address or no key.
 */
export function findApi(options: { url?: string; key?: string }, environment: Environment): ApiAddress {
  const url =
    options.url ?? `${schemeOf(environment)}://${hostOf(environment)}:${environment.TRINE_ADMIN_PORT || "3000"}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol))
    throw new CliError(`${url} is no address; give --url as http://HOST:PORT`);
  const key = options.key ?? (environment.TRINE_ADMIN_KEY || readKeyFile(keyFileOf(environment)));
  // What is no ASCII cannot be sent, and would fail as if nobody was there.
  if (!/^[!-~]+$/.test(key)) throw new CliError("the API key holds characters that no key has, or none at all");
  return { url, key };
}

/** Calls the REST API. Every call answers parsed JSON, or the raw response. */
export interface ApiClient {
  call<T>(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>): Promise<T>;
  /** Sends a file as the body. @returns what the API says to it. */
  upload<T>(path: string, file: ReadableStream): Promise<T>;
  /** The response as it is, for downloads. */
  open(method: string, path: string, body?: object): Promise<Response>;
}

/** @throws CliError on every call that the API refuses or that does not reach it. */
export function createApiClient({ url, key }: ApiAddress): ApiClient {
  async function request(
    method: string,
    path: string,
    init: { body?: string | ReadableStream; headers?: Readonly<Record<string, string>> },
  ) {
    const response = await fetch(new URL(path, url), {
      method,
      headers: { authorization: `Bearer ${key}`, ...init.headers },
      ...(init.body === undefined ? {} : { body: init.body }),
      // Fetch sends a stream only to whom it does not listen meanwhile.
      ...(typeof init.body === "object" ? { duplex: "half" } : {}),
    }).catch((error: Error & { cause?: Error }) => {
      throw new CliError(
        `cannot reach the gateway at ${url} (${error.cause?.message ?? error.message}); start it with npm start, or give --url`,
      );
    });
    if (!response.ok) throw new CliError(await describeProblem(response));
    return response;
  }

  return {
    async call<T>(
      method: string,
      path: string,
      body?: unknown,
      headers: Readonly<Record<string, string>> = {},
    ): Promise<T> {
      const asText = typeof body === "string";
      const response = await request(method, path, {
        ...(body === undefined ? {} : { body: asText ? body : JSON.stringify(body) }),
        headers: { ...(body === undefined || asText ? {} : { "content-type": "application/json" }), ...headers },
      });
      const text = await response.text();
      return (text === "" ? undefined : JSON.parse(text)) as T;
    },
    async upload<T>(path: string, file: ReadableStream): Promise<T> {
      const headers = { "content-type": "application/octet-stream" };
      return (await (await request("POST", path, { body: file, headers })).json()) as T;
    },
    open: (method, path, body) =>
      request(
        method,
        path,
        body ? { body: JSON.stringify(body), headers: { "content-type": "application/json" } } : {},
      ),
  };
}

function schemeOf({ TRINE_ADMIN_TLS_CERT_FILE: certificate }: Environment): "http" | "https" {
  return certificate ? "https" : "http";
}

/** The gateway's own host; one that stands for all of its addresses is reached on the loopback. */
function hostOf({ TRINE_ADMIN_HOST: host = "" }: Environment): string {
  if (["", "0.0.0.0", "::"].includes(host)) return "127.0.0.1";
  return host.includes(":") ? `[${host}]` : host;
}

function keyFileOf({ TRINE_ADMIN_KEY_FILE: file, TRINE_DATA_DIR: folder }: Environment): string {
  return file || join(folder || "./data", "admin-key");
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? `there is no ${file}` : `${file} cannot be read`;
    throw new CliError(
      `no API key: ${why}; run this where the gateway runs, set TRINE_DATA_DIR or TRINE_ADMIN_KEY, or give --key`,
    );
  }
}

async function describeProblem(response: Response): Promise<string> {
  const text = await response.text();
  try {
    const { title, detail, code } = JSON.parse(text) as { title: string; detail?: string; code: string };
    return `${title}${detail ? `: ${detail}` : ""} (${code})`;
  } catch {
    return `the gateway answered ${response.status}: ${text.slice(0, 200)}`;
  }
}
