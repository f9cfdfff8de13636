import type { Operators, Platform, RunningAdapter } from "@trine/core/platform";
import type { OpenServices } from "@trine/services";
import type { z } from "zod";
import type { Complaint } from "../observe/health-server.ts";
import type { Logger } from "../observe/logger.ts";
import type { Metrics } from "../observe/metrics.ts";
import type { RuntimeSettings } from "../settings/runtime-settings.ts";

/** What a service gets when it starts. */
export interface ServiceContext<S> {
  readonly settings: S & RuntimeSettings;
  readonly platform: Platform;
  readonly operators: Operators;
  /** What device services may be switched, and what may be asked of them. */
  readonly services: Pick<OpenServices, "switches" | "routes" | "find">;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** What is wrong with the stores now. */
  readonly complaints: () => Promise<readonly Complaint[]>;
  /** The folder of the embedded default; absent when the stores are servers. */
  readonly dataFolder: string | undefined;
  /** Writes a verified snapshot of the embedded database into a file. */
  readonly writeSnapshot: ((file: string) => Promise<void>) | undefined;
}

/** A program that serves devices or operators: one protocol, or several in one process. */
export interface ServiceDefinition<S extends z.ZodObject> {
  /** Name in logs and metrics. */
  readonly name: string;
  readonly settings: S;
  /** Whether it is the only process of the installation, so that it can do without servers for its stores. */
  readonly alone: boolean;
  /** Whether it works on what operators leave to be done: batches, retention. */
  readonly works: boolean;
  start(context: ServiceContext<z.output<S>>): Promise<readonly RunningAdapter[]>;
  /** Says what a person needs who started it by hand, before the last line `ready`. */
  greet?(context: ServiceContext<z.output<S>>, ports: Readonly<Record<string, number>>): Promise<void>;
}
