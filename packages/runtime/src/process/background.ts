import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Keychain } from "@trine/core/keys";
import type { Operators } from "@trine/core/platform";
import type { Clock, Recorder, UplinkLog } from "@trine/core/ports";
import type { OpenServices } from "@trine/services";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { RuntimeSettings } from "../settings/runtime-settings.ts";
import { type Repetition, repeat } from "./repeat.ts";
import { createUplinkRetention } from "./uplink-retention.ts";
import { createX509Watch } from "./x509-watch.ts";

const PRESENCE_FLUSH_MS = 500;
const BATCH_POLL_MS = 500;
/** Voiding a package is rare, and not urgent by the second. */
const PACKAGE_POLL_MS = 2_000;
const ROTATION_POLL_MS = 5_000;
const KEYS_POLL_MS = 10_000;
const KEY_WORK_POLL_MS = 1_000;
const REPORT_POLL_MS = 1_000;
const RETENTION_MS = 10_000;
/** How much longer than its certificate a connection may live. */
const EXPIRED_POLL_MS = 15_000;
const X509_POLL_MS = 60_000;
const SNAPSHOTS_KEPT = 3;

/** What a process does on its own, beside serving. */
export interface Background {
  stop(): Promise<void>;
}

interface BackgroundDeps {
  readonly settings: RuntimeSettings;
  readonly operators: Operators;
  readonly uplinkLog: UplinkLog;
  readonly flush: () => Promise<void>;
  readonly closeExpired: () => Promise<unknown>;
  readonly recorder: Recorder;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Works on batches and retention: one kind of process is enough. */
  readonly works: boolean;
  readonly serviceWorks: OpenServices["works"];
  readonly keychain: Keychain;
  readonly snapshot: (() => Promise<unknown>) | undefined;
}

/** Starts presence write-behind, and for a working process batches, retention and snapshots. */
export function startBackground(deps: BackgroundDeps): Background {
  const { settings, operators, flush, recorder, works, snapshot } = deps;
  const bounds = {
    maxAgeMs: settings.TRINE_UPLINK_MAX_AGE_HOURS * 3_600_000,
    maxBytes: settings.TRINE_UPLINK_MAX_BYTES,
  };
  const faults = (where: string) => (error: unknown) => recorder.fault(where, error);
  const repetitions: Repetition[] = [
    repeat(PRESENCE_FLUSH_MS, flush, faults("presence")),
    repeat(EXPIRED_POLL_MS, deps.closeExpired, faults("x509")),
    // A process that was not told about a new key, because it had no lease then, learns of it so.
    repeat(KEYS_POLL_MS, () => deps.keychain.reload(), faults("keys")),
  ];
  if (works) {
    repetitions.push(repeat(BATCH_POLL_MS, (signal) => operators.batches.work(signal), faults("batches")));
    repetitions.push(repeat(PACKAGE_POLL_MS, (signal) => operators.packages.work(signal), faults("packages")));
    repetitions.push(repeat(ROTATION_POLL_MS, (signal) => operators.rotations.work(signal), faults("rotations")));
    repetitions.push(repeat(KEY_WORK_POLL_MS, (signal) => operators.keys.work(signal), faults("keys")));
    repetitions.push(repeat(X509_POLL_MS, createX509Watch(deps), faults("x509")));
    repetitions.push(repeat(REPORT_POLL_MS, (signal) => operators.downlinkReports.work(signal), faults("reports")));
    for (const { name, everyMs, run } of deps.serviceWorks) repetitions.push(repeat(everyMs, run, faults(name)));
    repetitions.push(repeat(RETENTION_MS, createUplinkRetention({ ...deps, bounds }), faults("retention")));
  }
  if (snapshot && settings.TRINE_SNAPSHOT_MINUTES > 0) {
    repetitions.push(repeat(settings.TRINE_SNAPSHOT_MINUTES * 60_000, snapshot, faults("snapshot")));
  }
  return {
    async stop() {
      await Promise.all(repetitions.map((repetition) => repetition.stop()));
    },
  };
}

/** Writes one more snapshot into the data folder and keeps the newest few. @returns its path. */
export async function keepSnapshot(
  dataFolder: string,
  write: (file: string) => Promise<void>,
  nowMs: number,
): Promise<string> {
  const folder = join(dataFolder, "snapshots");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const file = join(folder, `trine-${new Date(nowMs).toISOString().replaceAll(":", "")}.tar.gz`);
  await write(file);
  const kept = readdirSync(folder)
    .filter((name) => name.endsWith(".tar.gz"))
    .sort();
  for (const name of kept.slice(0, -SNAPSHOTS_KEPT)) rmSync(join(folder, name));
  return file;
}
