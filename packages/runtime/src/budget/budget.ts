import type { Complaint } from "../observe/health-server.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { Resource, Usage } from "./read-usage.ts";

/** What keeps this process from taking on more than it can carry. */
export interface Budget {
  /** Whether one more connection may be taken on; it is counted then. To be asked before each is accepted. */
  mayAccept(): boolean;
  /** Whether devices may log in: those that are connected already, or need no connection, take memory as well. */
  hasRoom(): boolean;
  complaints(): readonly Complaint[];
  /** Looks at what is used. Call it every second. */
  look(): Promise<void>;
}

interface Deps {
  readonly read: () => Promise<readonly Usage[]>;
  /** Closes connections that have not logged in. @returns how many. */
  readonly shed: () => number;
  readonly settings: {
    /** Share of a resource, from 0 to 1, from which on nothing more is taken on; 0: never. */
    readonly fullAt: number;
    /** Connections that may be open; 0: as many as there are descriptors for. */
    readonly maxConnections: number;
  };
  readonly metrics: Pick<Metrics, "budgetUsed" | "shed">;
  readonly logger: Pick<Logger, "warn" | "info">;
}

/** Below the share at which the process counts as full, there is room again: so that it does not go back and forth. */
const ROOM_BELOW = 0.95;

/**
 * Makes a budget. Until its first look everything may come in.
 *
 * Full means: nothing new. Half of what is left then is for what is under way; beyond that, connections that have not logged in are closed.
 * Those of devices never are. Of the heap and of memory two looks in a row count, since a collection may be about to free most of it.
 */
export function createBudget({ read, shed, settings, metrics, logger }: Deps): Budget {
  const { fullAt, maxConnections } = settings;
  const shedAt = (1 + fullAt) / 2;
  let before = new Map<Resource, number>();
  let full = new Map<Resource, Usage>();
  /** Descriptors that were in use before the first connection came. */
  let ownDescriptors: number | undefined;
  /** What of it was there at the last look, and may be there. */
  let connections = { open: 0, limit: Number.POSITIVE_INFINITY };
  let acceptedSince = 0;

  /** Sockets are what a process opens descriptors for, once it runs. */
  function withConnections(usages: readonly Usage[]): readonly Usage[] {
    const descriptors = usages.find(({ resource }) => resource === "descriptors");
    if (!descriptors) return usages;
    ownDescriptors ??= descriptors.used;
    const open = Math.max(0, descriptors.used - ownDescriptors);
    const room = Math.floor(descriptors.limit * fullAt) - ownDescriptors;
    connections = { open, limit: Math.min(room, maxConnections || room) };
    if (maxConnections === 0) return usages;
    return [...usages, { resource: "connections", used: open, limit: maxConnections / fullAt }];
  }

  /** Its share now, or the smaller one of before where that may pass by itself. */
  function lastingShare({ resource, used, limit }: Usage): number {
    const share = used / limit;
    const passes = resource === "heap" || resource === "memory";
    return passes ? Math.min(share, before.get(resource) ?? 0) : share;
  }

  function judge(usages: readonly Usage[]): void {
    const now = new Map<Resource, Usage>();
    for (const usage of usages) {
      const wasFull = full.has(usage.resource);
      const isFull = lastingShare(usage) >= (wasFull ? fullAt * ROOM_BELOW : fullAt);
      if (isFull) now.set(usage.resource, usage);
      if (isFull !== wasFull) tell(usage, isFull);
    }
    full = now;
    if (usages.some((usage) => lastingShare(usage) >= shedAt)) {
      const closed = shed();
      if (closed > 0) metrics.shed.inc({ what: "idle" }, closed);
    }
  }

  function tell({ resource, used, limit }: Usage, isFull: boolean): void {
    const facts = { resource, used: Math.round(used), limit: Math.round(limit) };
    if (isFull) logger.warn({ event: "budget.full", ...facts }, "no new connections are taken");
    else logger.info({ event: "budget.room", ...facts }, "new connections are taken again");
  }

  return {
    mayAccept() {
      if (full.size > 0 || connections.open + acceptedSince >= connections.limit) {
        metrics.shed.inc({ what: "connection" });
        return false;
      }
      acceptedSince += 1;
      return true;
    },
    hasRoom: () => full.size === 0,
    complaints: () =>
      [...full.values()].map(({ resource, used, limit }) => ({
        part: "budget",
        detail: `${Math.round((used / limit) * 100)} % of ${resource} are used: nothing new is taken on`,
        severity: "error",
      })),
    async look() {
      if (fullAt === 0) return;
      const usages = withConnections(await read());
      acceptedSince = 0;
      for (const { resource, used, limit } of usages) metrics.budgetUsed.set({ resource }, used / limit);
      judge(usages);
      before = new Map(usages.map(({ resource, used, limit }) => [resource, used / limit]));
    },
  };
}
