import type { DeviceRef, ProductKey } from "../certificate/names.ts";
import type { Secret } from "../certificate/secret.ts";
import type { BatchRecord } from "../ports/batch-store.ts";
import type { RevocationTarget } from "../ports/control-bus.ts";
import type {
  DeviceFilter,
  DeviceRecord,
  Page,
  ProductPolicy,
  ProductRecord,
  TopicClass,
} from "../ports/device-registry.ts";
import type { RegistrationName } from "../ports/registration-names.ts";
import type { TimelineEvent } from "../ports/timeline.ts";
import type { Problem } from "./problem.ts";

/** How the secrets of a product's devices are kept: each sealed with its device, or all derived from one seed. */
export type SecretMode = "stored" | "derived";

/** A product without its sealed secret and seed. */
export interface Product extends Omit<ProductRecord, "sealedSecret" | "sealedSeed"> {
  readonly secretMode: SecretMode;
}

/** Who acts, for the audit log. */
export interface Actor {
  readonly name: string;
  readonly peer: string;
}

/** What operators do with products. Every change is audited. */
export interface Products {
  /**
   * @param product.secretMode default `stored`; for ever. `derived` is `nodes_outdated` while a process of the fleet would not understand it
   * (docs/decisions/0021).
   */
  create(
    actor: Actor,
    product: { name: string; nodeType?: "device" | "gateway"; policy?: ProductPolicy; secretMode?: SecretMode },
  ): Promise<{ product: Product; productSecret: Secret } | Problem>;
  find(productKey: ProductKey): Promise<Product | Problem>;
  /** @param page.only absent: all. */
  list(page: { limit: number; cursor?: string; only?: readonly ProductKey[] }): Promise<Page<Product> | Problem>;
  /** A policy that differs in more than `registration` closes the product's connections on every node and voids its devices' tokens. */
  update(
    actor: Actor,
    productKey: ProductKey,
    change: { name?: string; policy?: ProductPolicy; services?: Readonly<Record<string, boolean>> },
  ): Promise<ChangedProduct | Problem>;
  remove(actor: Actor, productKey: ProductKey): Promise<undefined | Problem>;
  /** Topic classes that differ close the product's connections on every node: what is subscribed is judged anew. */
  setTopics(
    actor: Actor,
    productKey: ProductKey,
    topicClasses: readonly TopicClass[],
  ): Promise<ChangedProduct | Problem>;
}

/** A product after a change, and what the change closed: tokens that it voided are not counted. */
export interface ChangedProduct extends Revoked {
  readonly product: Product;
}

/** The triple. */
export interface DeviceCertificate extends DeviceRef {
  readonly deviceSecret: Secret;
}

/** What operators do with devices. Every change, and every read of a certificate, is audited. */
export interface Devices {
  /** Adds one device; a name is drawn when none is given. */
  add(
    actor: Actor,
    productKey: ProductKey,
    device: { deviceName?: string; nickname?: string; tags?: Readonly<Record<string, string>> },
  ): Promise<{ device: DeviceRecord; deviceSecret: Secret } | Problem>;
  find(device: DeviceRef): Promise<DeviceRecord | Problem>;
  /** By the id that every device keeps from its registration to its end (wire-format 1). */
  findByIotId(iotId: string): Promise<DeviceRecord | Problem>;
  /** How many devices each product has. */
  count(products: readonly ProductKey[]): Promise<ReadonlyMap<ProductKey, number>>;
  list(
    productKey: ProductKey,
    filter: DeviceFilter,
    page: { limit: number; cursor?: string },
  ): Promise<Page<DeviceRecord> | Problem>;
  update(
    actor: Actor,
    device: DeviceRef,
    change: { nickname?: string | null; tags?: Readonly<Record<string, string>> },
  ): Promise<DeviceRecord | Problem>;
  /** Sets some tags and removes others, whatever is done with the rest at the same time. `invalid` with the field `tags`. */
  changeTags(
    actor: Actor,
    device: DeviceRef,
    change: { set?: Readonly<Record<string, string>>; remove?: readonly string[] },
  ): Promise<undefined | Problem>;
  /** Deletes, revokes everywhere, drops the mailbox. */
  remove(actor: Actor, device: DeviceRef): Promise<Revoked | Problem>;
  /** The triple, with the newest secret: while a rotation is under way, the second. */
  certificate(actor: Actor, device: DeviceRef): Promise<DeviceCertificate | Problem>;
  disable(actor: Actor, device: DeviceRef): Promise<Revoked | Problem>;
  enable(actor: Actor, device: DeviceRef): Promise<Revoked | Problem>;
  /** Closes what is open; the device may come back at once. */
  kick(actor: Actor, device: DeviceRef): Promise<Revoked | Problem>;
  /** What happened to the device, newest first. */
  timeline(device: DeviceRef, page: { limit: number; cursor?: string }): Promise<Page<TimelineEvent> | Problem>;
}

/** What an operator says about the names that unknown devices may register themselves under. */
export interface RegistrationListRequest {
  readonly names: readonly string[];
  readonly prefixes: readonly string[];
}

/** Which names unknown devices may register themselves under, where the product's policy lets unknown ones in (`open`). Audited. */
export interface RegistrationLists {
  /** Puts a list in the place of the one before; it holds at once, on every node. At most 100 000 names and 1000 prefixes, one at least. */
  replace(
    actor: Actor,
    productKey: ProductKey,
    list: RegistrationListRequest,
  ): Promise<{ names: number; prefixes: number } | Problem>;
  /** Takes the list away: every name may register then. */
  remove(actor: Actor, productKey: ProductKey): Promise<undefined | Problem>;
  list(productKey: ProductKey, page: { limit: number; cursor?: string }): Promise<Page<RegistrationName> | Problem>;
}

/** Rotation of secrets. Audited. */
export interface Rotations {
  /**
   * Makes a second secret. Both work until the second one is used or the grace ends; then what was made under the first is void. One
   * that is under way is replaced: its second secret never worked for anybody.
   *
   * @param options.graceSeconds default 7 days, at most a year; with 0 the first one dies at once.
   */
  rotate(actor: Actor, device: DeviceRef, options: { graceSeconds?: number }): Promise<Rotated | Problem>;
  /** Ends rotations whose grace is over, some of them. @returns whether there may be more: call again then. */
  work(signal: AbortSignal): Promise<boolean>;
}

/** A second secret that was made, and what that closed: nothing, unless the first one died at once. */
export interface Rotated extends DeviceCertificate, Revoked {
  /** Wall clock. */
  readonly graceEndsAtMs: number;
}

/** What a revocation did, after every live node acknowledged. */
export interface Revoked {
  readonly closedSessions: number;
  /** Nodes that acknowledged. */
  readonly nodes: number;
  readonly elapsedMs: number;
}

/** Closes sessions and clears caches on every live node. */
export interface Revocation {
  /** @param options.minSecretVersion with `close`: only sessions that were made under an older secret of the device are closed. */
  revoke(target: RevocationTarget, options: { close: boolean; minSecretVersion?: number }): Promise<Revoked>;
}

/** What a batch asks for, before it is checked. */
export interface BatchRequest {
  readonly lines: readonly {
    line: number;
    deviceName?: string;
    nickname?: string;
    tags?: Readonly<Record<string, string>>;
  }[];
  readonly idempotencyKey?: string;
  /** Digest of the request as sent. */
  readonly fingerprint: string;
  /** Has a batchId of digits, that is a safe integer as well: for applications that keep it as a number. */
  readonly numbered?: boolean;
  /** Only checks for now, names that the product has as well; `release` has what was good registered. */
  readonly held?: boolean;
}

/** Many devices at once. */
export interface Batches {
  /** Checks every line (names, repeats within the request, names that the product has) without storing anything. */
  check(
    productKey: ProductKey,
    request: BatchRequest,
  ): Promise<Pick<BatchRecord, "total" | "failed" | "errors"> | Problem>;
  /** Stores the batch; a worker registers it. At most 100 000 lines. */
  create(actor: Actor, productKey: ProductKey, request: BatchRequest): Promise<{ batchId: string } | Problem>;
  find(batchId: string): Promise<BatchRecord | Problem>;
  /** Has a held batch registered. `batch_not_held` when that was done before, or anything in it was wrong. */
  release(actor: Actor, batchId: string): Promise<undefined | Problem>;
  /** The certificates of a batch in order of names; audited once, before the first. */
  certificates(actor: Actor, batchId: string): Promise<AsyncIterable<DeviceCertificate> | Problem>;
  /**
   * Registers the next chunk of what waits; one only, so that its caller decides how other work gets its turn in between.
   * @returns whether there was one: call again then.
   */
  work(signal: AbortSignal): Promise<boolean>;
}
