import { randomBytes } from "node:crypto";
import { resolve } from "node:path";
import { withKnownKeys } from "@trine/core/keys";
import { createPlatform, type RunningAdapter } from "@trine/core/platform";
import { type FoundService, findServices, type OpenServices, settingsOf } from "@trine/services";
import { createX509Issuer } from "@trine/x509";
import type { z } from "zod";
import { createBudget } from "../budget/budget.ts";
import { readUsage } from "../budget/read-usage.ts";
import { startHealthServer } from "../observe/health-server.ts";
import { createLogger } from "../observe/logger.ts";
import { createMetrics } from "../observe/metrics.ts";
import { createRecorder } from "../observe/recorder.ts";
import { guardSettings } from "../settings/limit-settings.ts";
import { loadSettings, readEnvironment } from "../settings/load-settings.ts";
import { type RuntimeSettings, runtimeSettings } from "../settings/runtime-settings.ts";
import { openStores } from "../stores/open-stores.ts";
import { keepSnapshot, startBackground } from "./background.ts";
import { createSystemRandom, systemClock, systemTimer } from "./clock.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { openKeys, readMasterKeys } from "./keys.ts";
import { createMemories } from "./memories.ts";
import { repeat } from "./repeat.ts";
import type { ServiceContext, ServiceDefinition } from "./service.ts";
import { StartError } from "./start-error.ts";
import { createUndo } from "./undo.ts";

/** How often the process looks at what it uses up. */
const LOOK_MS = 1_000;

/** A service that runs in this process. */
export interface RunningService {
  /** How long connected devices are handed to other processes, when they are. */
  readonly drainMs: number;
  /** Stops in order: no new work, devices handed on over `drainMs`, what was begun is finished, the rest is written down. */
  stop(drainMs: number): Promise<void>;
}

/**
 * Brings a service up in order: settings, data folder, keys, stores, the core, its part in the fleet, listeners, health.
 * What was opened is closed again when a later step fails.
 *
 * @throws StartError for everything that a person can mend.
 */
export async function startService<S extends z.ZodObject>(definition: ServiceDefinition<S>): Promise<RunningService> {
  const environment = readEnvironment();
  const runtime = loadSettings(runtimeSettings, environment);
  const settings = { ...loadSettings(definition.settings, environment), ...runtime } as z.output<S> & RuntimeSettings;
  checkAlone(definition, runtime);
  const services = await loadDeviceServices(runtime);
  const serviceSettings = loadSettings(settingsOf(services), environment);

  const logger = createLogger({ service: definition.name, level: runtime.TRINE_LOG_LEVEL });
  const metrics = createMetrics(definition.name);
  const recorder = createRecorder({ logger, metrics, monotonicMs: systemClock.monotonicMs });
  const undo = createUndo();
  try {
    const folder = await takeDataFolder(runtime);
    if (folder) undo.add(() => folder.release());
    const random = createSystemRandom();
    const masterKeys = readMasterKeys(runtime, { dataFolder: folder?.path, random });
    const open = await openStores(
      {
        databaseUrl: runtime.DATABASE_URL,
        redis: redisLocation(runtime),
        nats: natsLocation(runtime),
        dataFolder: folder?.path,
      },
      {
        clock: systemClock,
        recorder,
        timelineEvents: runtime.TRINE_TIMELINE_EVENTS,
        services,
        publicUrl: runtime.TRINE_PUBLIC_URL,
      },
    );
    undo.add(() => open.close());
    const keychain = await openKeys(masterKeys, { stores: open.stores, clock: systemClock, random });
    const registry = withKnownKeys(open.stores.registry, { keychain, clock: systemClock, recorder });
    const stores = { ...open.stores, registry };

    const nodeId = `${definition.name}-${randomBytes(6).toString("hex")}`;
    let deviceServices: OpenServices | undefined;
    const memories = createMemories({ runtime, stores, nodeId, recorder, forgetMore: () => deviceServices?.clear() });
    const { membership, lookup, sessions, x509Lookup } = memories;
    const budget = createBudget({
      read: readUsage,
      shed: () => upkeep.closeIdle(),
      settings: { fullAt: runtime.TRINE_FULL_PERCENT / 100, maxConnections: runtime.TRINE_MAX_CONNECTIONS },
      metrics,
      logger,
    });
    const { platform, operators, handleCommand, flush, upkeep } = createPlatform(
      {
        ...stores,
        lookup,
        sessions,
        x509Lookup,
        x509Issuer: createX509Issuer(),
        caches: [lookup, sessions, x509Lookup],
        mayServe: membership.mayServe,
        isTrusted: membership.isTrusted,
        openServices(core) {
          deviceServices = open.openServices(core, serviceSettings);
          return deviceServices;
        },
        room: budget,
        clock: systemClock,
        timer: systemTimer,
        random,
        recorder,
        vault: keychain,
        keychain,
      },
      { nodeId, settings: coreSettings(runtime) },
    );
    const { writeSnapshot } = open;
    const snapshot = folder && writeSnapshot && (() => keepSnapshot(folder.path, writeSnapshot, systemClock.nowMs()));
    if (snapshot) undo.add(snapshot);
    undo.add(flush);
    undo.add(async () => deviceServices?.close());

    const member = await membership.join(handleCommand, upkeep);
    undo.add(() => member.leave());
    const background = startBackground({
      settings: runtime,
      operators,
      uplinkLog: open.stores.uplinkLog,
      flush,
      closeExpired: upkeep.closeExpired,
      recorder,
      metrics,
      logger,
      clock: systemClock,
      works: definition.works,
      serviceWorks: deviceServices?.works ?? [],
      keychain,
      snapshot,
    });
    undo.add(() => background.stop());
    await budget.look();
    const looking = repeat(LOOK_MS, budget.look, (error) => recorder.fault("budget", error));
    undo.add(() => looking.stop());

    const context: ServiceContext<z.output<S>> = {
      settings,
      platform,
      operators,
      services: {
        switches: deviceServices?.switches ?? [],
        routes: deviceServices?.routes ?? [],
        find: (port) => deviceServices?.find(port),
      },
      logger,
      metrics,
      complaints: async () => [...(await open.complaints()), ...membership.complaints(), ...budget.complaints()],
      dataFolder: folder?.path,
      writeSnapshot,
    };
    let phase: Phase = "starting";
    // Before the adapters, so that it outlives them and tells a balancer that they drain.
    const health = await startHealth(context, () => phase);
    if (health) undo.add(() => health.stop());
    const adapters = await definition.start(context);
    let drainMs = 0;
    undo.add(() => stopAll(adapters, drainMs));

    for (const { part, detail } of await open.complaints()) logger.warn({ event: "complaint", part }, detail);
    const ports = Object.assign(
      {},
      ...adapters.map((adapter) => adapter.ports),
      health ? { TRINE_METRICS_PORT: health.port } : {},
    );
    await definition.greet?.(context, ports);
    phase = "serving";
    logger.info({ event: "ready", ports, nodeId }, "ready");
    return {
      drainMs: runtime.REDIS_URL ? runtime.TRINE_DRAIN_SECONDS * 1_000 : 0,
      async stop(overMs) {
        phase = "stopping";
        drainMs = overMs;
        logger.info({ event: "stopping" }, "stopping");
        await undo.run();
        logger.info({ event: "stopped" }, "stopped");
      },
    };
  } catch (error) {
    await undo.run();
    throw error;
  }
}

function checkAlone(
  { alone, name }: { alone: boolean; name: string },
  { DATABASE_URL, REDIS_URL }: RuntimeSettings,
): void {
  if (alone || (DATABASE_URL && REDIS_URL)) return;
  const missing = [DATABASE_URL ? "" : "DATABASE_URL", REDIS_URL ? "" : "REDIS_URL"].filter(Boolean).join(" and ");
  throw new StartError(
    `${name} shares its stores with other processes: set ${missing} (or run the gateway app, which needs neither)`,
  );
}

async function loadDeviceServices({ TRINE_SERVICES_DIR: folder }: RuntimeSettings): Promise<readonly FoundService[]> {
  try {
    return await findServices(folder === undefined ? [] : [resolve(folder)]);
  } catch (error) {
    throw new StartError(`cannot load device services: ${(error as Error).message}; set TRINE_SERVICES_DIR`);
  }
}

function natsLocation({ UPLINK_URL, UPLINK_CREDENTIALS_FILE, TRINE_UPLINK_REPLICAS }: RuntimeSettings) {
  if (!UPLINK_URL) return undefined;
  return { url: UPLINK_URL, credentialsFile: UPLINK_CREDENTIALS_FILE, replicas: TRINE_UPLINK_REPLICAS };
}

function redisLocation(settings: RuntimeSettings) {
  const { REDIS_URL: url, TRINE_REDIS_REPLICAS: replicas, TRINE_REDIS_CA_FILE: caFile } = settings;
  return url ? { url, replicas, caFile } : undefined;
}

async function takeDataFolder(runtime: RuntimeSettings): Promise<DataFolder | undefined> {
  return runtime.DATABASE_URL ? undefined : openDataFolder(runtime.TRINE_DATA_DIR);
}

function coreSettings(runtime: RuntimeSettings) {
  return {
    sessionTtlMs: runtime.TRINE_TOKEN_TTL_SECONDS * 1_000,
    // Whoever has not answered by then has lost its lease, and has closed everything by itself.
    revocationTimeoutMs: runtime.TRINE_NODE_LEASE_SECONDS * 1_000 + 500,
    ...guardSettings(runtime),
    mailboxLimits: { maxMessages: runtime.TRINE_MAILBOX_MAX_MESSAGES, maxBytes: runtime.TRINE_MAILBOX_MAX_BYTES },
  };
}

type Phase = "starting" | "serving" | "stopping";

async function startHealth<S>(context: ServiceContext<S>, phase: () => Phase) {
  const { settings, metrics, complaints } = context;
  if (settings.TRINE_METRICS_PORT === "off") return undefined;
  return startHealthServer({
    host: settings.TRINE_ADMIN_HOST,
    port: settings.TRINE_METRICS_PORT,
    metrics,
    async readiness() {
      const found = await complaints();
      for (const store of ["database", "redis", ...(settings.UPLINK_URL ? ["nats"] : [])]) {
        metrics.storeUp.set(
          { store },
          found.some(({ part, severity }) => part === store && severity === "error") ? 0 : 1,
        );
      }
      return phase() === "serving"
        ? found
        : [...found, { part: "process", detail: `is ${phase()}`, severity: "error" }];
    },
  });
}

async function stopAll(adapters: readonly RunningAdapter[], drainMs: number): Promise<void> {
  await Promise.all(adapters.map((adapter) => adapter.stop(drainMs)));
}
