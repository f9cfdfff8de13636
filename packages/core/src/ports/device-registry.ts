import type { DeviceName, DeviceRef, ProductKey } from "../certificate/names.ts";
import type { SignMethod } from "../certificate/sign-method.ts";
import type { SealedSecret } from "../certificate/vault.ts";

/** Who may use a topic class: the device publishes, subscribes, or both (wire-format 6.1). */
export type TopicPermission = "pub" | "sub" | "all";

/** A custom topic class of a product: `suffix` is what follows `/{productKey}/{deviceName}/`, and may hold `+` and a final `#`. */
export interface TopicClass {
  readonly suffix: string;
  readonly permission: TopicPermission;
}

/** What a product lets its devices do. An absent field means the default, which lets every known SDK in. */
export interface ProductPolicy {
  /** Sign methods that are believed; default all. */
  readonly signMethods?: readonly SignMethod[];
  /** Adapters that devices may log in on, by transport name; default all. */
  readonly transports?: readonly string[];
  /** How far a sent timestamp may be from now, per transport, in milliseconds; default unlimited (wire-format 0.3). */
  readonly timestampWindowMs?: Readonly<Record<string, number>>;
  /**
   * What is done when several devices seem to use one certificate: it is only told (default), whoever would take a connection over from
   * elsewhere is refused, or the device is disabled.
   */
  readonly onClone?: "report" | "refuse_newer" | "disable";
  /** What devices prove themselves with (wire-format 1): their secret, a certificate over a secured channel, or either; default either. */
  readonly authType?: AuthType;
  /**
   * Which devices may register themselves with the secret of the product (wire-format 3): none (default); those that exist; or unknown ones as
   * well, which are added then. It judges no message and no login, so a change of it alone leaves sessions as they are.
   */
  readonly registration?: RegistrationMode;
  /** A device that is to come behind a gateway, and is behind another one: it moves (default), or stays. */
  readonly onOtherGateway?: "move" | "refuse";
}

export type RegistrationMode = "off" | "listed" | "open";

export type AuthType = "secret" | "x509" | "both";

/** The part of a product that judges its devices' messages; small, and shared by all its devices. */
export interface ProductProfile {
  readonly productKey: ProductKey;
  readonly nodeType: "device" | "gateway";
  readonly policy: ProductPolicy;
  readonly topicClasses: readonly TopicClass[];
  /** Device services that are switched for this product, by name; those that are not named are as they are by default. Absent: none is. */
  readonly services?: Readonly<Record<string, boolean>>;
  /** Grows with every change of the policy; a session that was let in under an older one is void. Absent: 0. */
  readonly policyVersion?: number;
  /** What its devices' secrets are derived from, sealed. Absent: each device has a sealed secret of its own. */
  readonly sealedSeed?: SealedSecret;
}

export interface ProductRecord extends ProductProfile {
  readonly name: string;
  readonly sealedSecret: SealedSecret;
  readonly createdAtMs: number;
}

/** The second secret of a device, which becomes the only one. */
export interface NextSecret {
  /** Absent: it is derived. */
  readonly sealedSecret?: SealedSecret;
  readonly secretVersion: number;
  /** Wall clock. */
  readonly graceEndsAtMs: number;
}

/** What a login needs to know about a device, in one look-up. */
export interface DeviceCredentials {
  readonly device: DeviceRef;
  readonly iotId: string;
  /** Absent: it is derived. */
  readonly sealedSecret?: SealedSecret;
  /** Grows with every new secret; a session made under an older one is void. */
  readonly secretVersion: number;
  /** While a rotation is under way: the second secret. The first one works until the second was used, or the grace ends. */
  readonly next?: NextSecret;
  readonly disabled: boolean;
  readonly activated: boolean;
  /** Grows with every certificate of the device that is revoked and every CA that its product loses; absent: 0. */
  readonly x509Version?: number;
  readonly product: ProductProfile;
}

/** UNACTIVE: never logged in. DISABLE wins over the rest (wire-format 1). */
export type DeviceStatus = "UNACTIVE" | "ONLINE" | "OFFLINE" | "DISABLE";

/** A device as operators see it: never its secret. */
export interface DeviceRecord {
  readonly device: DeviceRef;
  readonly iotId: string;
  readonly nickname: string | undefined;
  readonly tags: Readonly<Record<string, string>>;
  readonly status: DeviceStatus;
  readonly createdAtMs: number;
  readonly activatedAtMs: number | undefined;
  readonly lastOnlineAtMs: number | undefined;
  readonly lastOfflineAtMs: number | undefined;
  /** The last sign of life on any transport; written behind, so up to a minute late. */
  readonly lastSeenAtMs: number | undefined;
  /** Address of the last login. */
  readonly lastPeer: string | undefined;
  readonly lastTransport: string | undefined;
}

export interface NewDevice {
  readonly device: DeviceRef;
  readonly iotId: string;
  /** Bound to version 1 of the device's secrets. Absent: it is derived from the seed of the product. */
  readonly sealedSecret?: SealedSecret;
  readonly nickname?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
}

/** One change of a device's presence. `epoch` orders the changes of one device, whatever order they arrive in. */
export interface PresenceChange {
  readonly device: DeviceRef;
  /** Guards against a device that was deleted and made again under the same name. */
  readonly iotId: string;
  readonly epoch: number;
  readonly online: boolean;
  readonly atMs: number;
  readonly peer: string;
  readonly transport: string;
}

/** A sign of life of a device that holds no connection. */
export interface DeviceSeen {
  readonly device: DeviceRef;
  readonly iotId: string;
  readonly atMs: number;
  readonly peer: string;
  readonly transport: string;
}

export interface Page<T> {
  readonly items: readonly T[];
  /** Give it back to get the next page; absent at the end. */
  readonly nextCursor?: string;
}

export interface DeviceFilter {
  readonly status?: DeviceStatus;
  /** Prefix of the deviceName, case-sensitive. */
  readonly namePrefix?: string;
  readonly tags?: Readonly<Record<string, string>>;
}

/** Tags to be set, and keys of tags to be removed. */
export interface TagChange {
  readonly set: Readonly<Record<string, string>>;
  readonly remove: readonly string[];
}

/** The look-up that logins use. A cache may stand in front of it. */
export interface DeviceLookup {
  /** The credentials of a device, or `undefined` when there is none (or its product is gone). One round trip at most. */
  findCredentials(device: DeviceRef): Promise<DeviceCredentials | undefined>;
}

/**
 * Products and devices, durable.
 *
 * Everything here is committed when its promise resolves. Every method throws when the store cannot answer; it never
 * answers "no such device" for an outage.
 */
export interface DeviceRegistry extends DeviceLookup {
  /** Adds a product. `false` when the productKey is taken: draw another. */
  insertProduct(product: ProductRecord): Promise<boolean>;
  findProduct(productKey: ProductKey): Promise<ProductRecord | undefined>;
  /**
   * Products in the order of their keys.
   *
   * @param page.only absent: all.
   * @throws InvalidCursorError when the cursor was not given out by this method.
   */
  listProducts(page: { limit: number; cursor?: string; only?: readonly ProductKey[] }): Promise<Page<ProductRecord>>;
  /**
   * Changes the given fields; a policy that differs in more than `registration` gets a new `policyVersion`. `undefined` when there is no such
   * product.
   */
  updateProduct(
    productKey: ProductKey,
    change: {
      name?: string;
      policy?: ProductPolicy;
      topicClasses?: readonly TopicClass[];
      /** Switches of device services; those that are not named stay as they are. */
      services?: Readonly<Record<string, boolean>>;
    },
  ): Promise<ProductRecord | undefined>;
  /** Deletes a product without devices. */
  deleteProduct(productKey: ProductKey): Promise<"deleted" | "not_found" | "has_devices">;

  /**
   * Adds devices to one product, all or none of those that are free: names that are taken are answered and left as they are.
   * Of any number of callers that add one name, exactly one adds it.
   *
   * The secret of a device has version 1, or a greater one where its secret is derived and the product had a device of this name before:
   * no version of a derived secret comes back.
   *
   * @returns the names that were taken already, or `no_product`.
   */
  insertDevices(
    productKey: ProductKey,
    devices: readonly NewDevice[],
  ): Promise<{ taken: readonly DeviceName[] } | "no_product">;
  findDevice(device: DeviceRef): Promise<DeviceRecord | undefined>;
  /** The device that has this iotId; the text may be none. */
  findByIotId(iotId: string): Promise<DeviceRecord | undefined>;
  /** How many devices each of these products has; 0 for one that is not there. Reads every one of them: not for every request of many. */
  countDevices(products: readonly ProductKey[]): Promise<ReadonlyMap<ProductKey, number>>;
  /** Devices of a product in the order of their names. @throws InvalidCursorError */
  listDevices(
    productKey: ProductKey,
    filter: DeviceFilter,
    page: { limit: number; cursor?: string },
  ): Promise<Page<DeviceRecord>>;
  updateDevice(
    device: DeviceRef,
    change: { nickname?: string | null; tags?: Readonly<Record<string, string>>; disabled?: boolean },
  ): Promise<DeviceRecord | undefined>;
  /**
   * Sets and removes tags of a device, and leaves its others as they are, whoever changes them at the same time.
   *
   * @param most nothing is changed when it would have more tags than these.
   */
  changeTags(device: DeviceRef, change: TagChange, most: number): Promise<"changed" | "not_found" | "too_many">;
  /** Deletes for good, but for the version of a derived secret. @returns the iotId that it had. */
  deleteDevice(device: DeviceRef): Promise<{ iotId: string } | undefined>;

  /** Sets the activation time if there is none yet. Of many callers exactly one gets true; `iotId` must be the device's own. */
  activate(device: DeviceRef, iotId: string, atMs: number): Promise<boolean>;
  /**
   * Notes that the device is handed what it logs in with, unless it is activated or disabled, or that was noted after `notSinceMs`. Of many
   * callers at once, in any process, exactly one gets true; `iotId` must be the device's own.
   */
  noteRegistration(device: DeviceRef, iotId: string, at: { atMs: number; notSinceMs: number }): Promise<boolean>;
  /**
   * Writes presence behind, in batches. A change counts only if it is later than the stored one: by its epoch, and within one epoch
   * (one connection) offline is later than online.
   */
  savePresence(changes: readonly PresenceChange[]): Promise<void>;
  /** Writes signs of life behind, in batches; an earlier time than the stored one changes nothing. */
  saveSeen(seen: readonly DeviceSeen[]): Promise<void>;

  /**
   * Begins a rotation, or replaces the second secret of one that is under way; one whose grace is over at `nowMs` ends first, so that no
   * dead secret comes to life. The version is greater by one than any that the device had.
   *
   * @param next.secretVersion what the version must come to be, which the secret is sealed for; without it, any.
   * @returns the versions of the second and of the first secret, or `undefined` when there is no such device, or the version is another.
   */
  beginRotation(
    device: DeviceRef,
    next: { sealedSecret?: SealedSecret; secretVersion?: number; graceEndsAtMs: number; nowMs: number },
  ): Promise<{ secretVersion: number; firstVersion: number } | undefined>;
  /**
   * Makes the second secret the only one, if it still is of that version. Of many callers exactly one gets true; `iotId` must be the
   * device's own. The rotation stays on the list below until `settleRotation`.
   */
  endRotation(device: DeviceRef, iotId: string, secretVersion: number): Promise<boolean>;
  /** Takes a rotation that has ended off the list: every node knows. Does nothing when it has not ended, or another began. */
  settleRotation(device: DeviceRef, iotId: string, secretVersion: number): Promise<void>;
  /** Rotations whose grace is over, and those that have ended and are not settled, at most `limit`. */
  listEndedRotations(
    nowMs: number,
    limit: number,
  ): Promise<readonly { device: DeviceRef; iotId: string; secretVersion: number }[]>;

  /**
   * The newest secrets of devices in the order of names, for certificate export, at most `limit` after `after`, and of the names in `among` if it
   * is given. One that is derived has no `sealedSecret`.
   */
  listSealedSecrets(
    productKey: ProductKey,
    page: { after?: DeviceName; limit: number; batchId?: string; among?: readonly DeviceName[] },
  ): Promise<readonly { deviceName: DeviceName; secretVersion: number; sealedSecret?: SealedSecret }[]>;
}

/** A cursor that this store did not give out. */
export class InvalidCursorError extends Error {
  constructor() {
    super("the cursor is not valid");
    this.name = "InvalidCursorError";
  }
}
