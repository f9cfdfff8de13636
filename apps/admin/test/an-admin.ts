import { randomBytes } from "node:crypto";
import { Secret } from "@trine/core/certificate";
import { createSqlDeviceRegistry, migrate, openPglite } from "@trine/postgres";
import { findServices, migrateServices, type OpenServices, openServices, settingsOf } from "@trine/services";
import { createTestPlatform, type TestPlatform, type TestPlatformOptions } from "@trine/testkit/conformance";
import type { FastifyInstance } from "fastify";
import { expect } from "vitest";
import type { AdminTls } from "../src/access/admin-tls.ts";
import { createAdminApp } from "../src/create-admin-app.ts";

export const KEY = randomBytes(24).toString("base64url");

/** An answer of the API, read. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
  /** The text as JSON; `undefined` when it is none. */
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Ask {
  readonly body?: unknown;
  /** Sent as it is, in place of `body`. */
  readonly raw?: string | Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The REST API over stores in memory, without a port. */
export interface TestAdmin extends AsyncDisposable {
  readonly gateway: TestPlatform;
  readonly app: FastifyInstance;
  /** Asks with the key; `ask` is `POST /v1/products` or the like. */
  ask(route: string, given?: Ask): Promise<Answer>;
  /** Does everything that batches have waiting. */
  workOff(): Promise<void>;
}

/** Starts the API under test. `await using` stops it. */
export async function openAdmin(
  options: TestPlatformOptions & {
    bodyBytes?: number;
    trustedProxies?: string;
    tls?: AdminTls;
    /** Opens the device services, over an embedded database; default: there is none. */
    withServices?: boolean;
  } = {},
): Promise<TestAdmin> {
  const services = options.withServices ? await realServices() : undefined;
  const gateway = await createTestPlatform({ ...options, ...services?.options });
  const app = await createAdminApp(
    {
      settings: {
        TRINE_ADMIN_PORT: 0,
        TRINE_ADMIN_KEY: undefined,
        TRINE_ADMIN_HOST: "127.0.0.1",
        TRINE_ADMIN_TLS_CERT_FILE: undefined,
        TRINE_ADMIN_TLS_KEY_FILE: undefined,
        TRINE_TRUSTED_PROXIES: options.trustedProxies,
        TRINE_ADMIN_BODY_BYTES: options.bodyBytes ?? 16_777_216,
      },
      operators: gateway.operators,
      services: services?.opened() ?? { switches: [], routes: [], find: () => undefined },
      recorder: gateway.recorder,
      adminKey: { secret: new Secret(KEY, "AdminKey"), isNew: false },
      writeSnapshot: undefined,
    },
    options.tls,
  );
  return {
    gateway,
    app,
    ask: (route, given) => ask(app, route, given),
    async workOff() {
      while (await gateway.operators.batches.work(new AbortController().signal));
    },
    async [Symbol.asyncDispose]() {
      await app.close();
      await gateway.stop();
      await services?.close();
    },
  };
}

/** Expects problem details, and gives them back. */
export function problemOf(answer: Answer, status: number): Readonly<Record<string, unknown>> {
  expect(answer, answer.text).toMatchObject({ status, type: "application/problem+json" });
  expect(answer.body).toMatchObject({ type: "about:blank", status });
  expect(answer.body["code"]).toEqual(expect.stringMatching(/^[a-z_]+$/));
  expect(answer.body["title"]).toEqual(expect.any(String));
  return answer.body;
}

async function ask(app: FastifyInstance, route: string, { body, raw, headers = {} }: Ask = {}): Promise<Answer> {
  const [method = "GET", url = "/"] = route.split(/ (.*)/s);
  const payload = raw ?? (body === undefined ? undefined : JSON.stringify(body));
  const response = await app.inject({
    method: method as "GET",
    url,
    headers: {
      authorization: `Bearer ${KEY}`,
      ...(payload === undefined ? {} : { "content-type": "application/json" }),
      ...headers,
    },
    ...(payload === undefined ? {} : { payload }),
  });
  const text = response.body;
  return {
    status: response.statusCode,
    type: String(response.headers["content-type"] ?? ""),
    headers: response.headers,
    text,
    body: parse(text),
  };
}

function parse(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return {};
  }
}

/** Every device service, over an embedded database that keeps the registry too. */
async function realServices() {
  const database = await openPglite({ dataDir: "memory://" });
  const found = await findServices();
  await migrate(database);
  await migrateServices(database, found);
  const place = {
    database,
    dataFolder: undefined,
    publicUrl: "http://devices.example.com",
    settings: settingsOf(found).parse({}),
  };
  let opened: OpenServices | undefined;
  const openAll: TestPlatformOptions["openServices"] = (core) => {
    const definitions = found.map(({ definition }) => definition);
    opened = openServices(definitions, core, place);
    return opened;
  };
  return {
    options: { openServices: openAll, instead: { registry: createSqlDeviceRegistry(database) } },
    opened: () => opened,
    async close() {
      await opened?.close();
      await database.close();
    },
  };
}
