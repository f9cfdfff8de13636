import type { DeviceRef, ProductKey } from "@trine/core/certificate";
import type { Config, ConfigFacts } from "./contracts.ts";

/** Keeps the configurations of products. Everything is committed when its promise resolves; every method throws when the store cannot answer. */
export interface ConfigStore {
  /** The newest, unless the product has none. */
  current(productKey: ProductKey): Promise<ConfigFacts | undefined>;
  /** Those that are kept, newest first. */
  versions(productKey: ProductKey): Promise<readonly ConfigFacts[]>;
  /** By its version or its id. */
  find(productKey: ProductKey, by: { version: number } | { configId: string }): Promise<Config | undefined>;
  /** Adds one above the newest, and drops all but the `keep` newest. Of writers at once each gets a version of its own. */
  add(productKey: ProductKey, config: Omit<Config, "version">, keep: number): Promise<ConfigFacts>;
  /** @returns how many were there. */
  removeAll(productKey: ProductKey): Promise<number>;
}

/** A configuration on its way to every device of a product. Times are wall clock. */
export interface ConfigPush {
  /** Decimal text; a later one of whichever product is greater. */
  readonly pushId: string;
  readonly productKey: ProductKey;
  readonly configId: string;
  /** Devices a second, over all nodes. */
  readonly ratePerSecond: number;
  /** How long it may wait for one device. */
  readonly ttlMs: number;
  readonly startedAtMs: number;
  /** The last device that it was sent to; absent before the first. */
  readonly after?: string;
  readonly sent: number;
  /** Devices that have no room for it in their mailbox, or were deleted meanwhile. */
  readonly failed: number;
  readonly finishedAtMs?: number;
}

/** What devices said to a push. */
export interface PushAnswers {
  readonly accepted: number;
  /** They answered another code than 200. */
  readonly refused: number;
}

/** Keeps the last push of each product, and what its devices answered. */
export interface PushStore {
  /** Begins a push in the place of the product's last one. */
  begin(push: Omit<ConfigPush, "pushId" | "sent" | "failed">): Promise<ConfigPush>;
  find(productKey: ProductKey): Promise<ConfigPush | undefined>;
  /**
   * Takes one push that has to go on, for `forMs`: nobody else gets it until then, so that its rate holds over all nodes.
   */
  claim(nowMs: number, forMs: number): Promise<ConfigPush | undefined>;
  /** Notes how far it is. Does nothing when another push took its place. */
  save(push: ConfigPush): Promise<void>;
  /** Stops it: nothing more is sent. */
  remove(productKey: ProductKey): Promise<void>;
  /** A device answers a push; the last answer to it counts, and one to an older push is passed over. */
  noteAnswer(device: DeviceRef, answer: { pushId: string; code: number; nowMs: number }): Promise<void>;
  answers(push: Pick<ConfigPush, "productKey" | "pushId">): Promise<PushAnswers>;
}
