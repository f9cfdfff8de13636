import type { DeviceRef, ProductKey } from "../certificate/names.ts";
import type { SealedSecret } from "../certificate/vault.ts";
import type { DeviceCredentials, Page } from "./device-registry.ts";

/** What is looked up of a certificate that a device presents. */
export interface PresentedX509 {
  /** SHA-256 of it, in lower-case hex. */
  readonly fingerprint: string;
  /** The device that it names, whether it may or not. */
  readonly names: DeviceRef | undefined;
  /** Its serial number, and those of the certificates that came with it. */
  readonly serialNumbers: readonly string[];
}

/** Everything that a login with a certificate is judged by, as it stood at one moment. */
export interface X509Standing {
  /** What is known of this one certificate. */
  readonly known?: Pick<X509Record, "device" | "origin" | "issuerKeyHash" | "firstUsedAtMs" | "revokedAtMs">;
  /** Of the device that it is bound to, else of the one that it names, if there is such a device. */
  readonly credentials?: DeviceCredentials;
  /** CAs of that device's product, in DER. */
  readonly authorities: readonly Buffer[];
  /** What is on the lists of that product's CAs, of these serial numbers. */
  readonly revoked: readonly X509Serial[];
}

/** A certificate as its issuer counts it. */
export interface X509Serial {
  /** SHA-256 of the issuer's public key, in lower-case hex. */
  readonly issuerKeyHash: string;
  /** In lower-case hex. */
  readonly serialNumber: string;
}

/** The look-up of logins with a certificate. A cache may stand in front of it. */
export interface X509Lookup {
  /** One round trip at most. */
  findStanding(presented: PresentedX509): Promise<X509Standing>;
}

/** How a certificate came to its device: an operator bound it, Trine issued it, or a CA of the product vouches for its subject. */
export type X509Origin = "bound" | "issued" | "named";

/** What a certificate says, as far as it was seen. */
export interface X509Seen {
  readonly subject: string;
  readonly serialNumber: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A certificate of a device. */
export interface X509Record {
  readonly fingerprint: string;
  readonly device: DeviceRef;
  readonly origin: X509Origin;
  /** Absent: bound by its fingerprint, and not used since. */
  readonly seen?: X509Seen;
  /** In DER; absent: bound by its fingerprint, or named. */
  readonly der?: Buffer;
  /** Absent: it is not known who signed it. */
  readonly issuerKeyHash?: string;
  /** Certificates that stood between it and a CA of the product when it was used first; absent: none. */
  readonly intermediates?: readonly X509Serial[];
  readonly createdAtMs: number;
  readonly firstUsedAtMs?: number;
  readonly revokedAtMs?: number;
  readonly revokedWhy?: string;
}

/** A CA whose certificates count for the devices of a product that they name. */
export interface X509AuthorityRecord {
  readonly productKey: ProductKey;
  readonly fingerprint: string;
  readonly keyHash: string;
  readonly subject: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
  readonly der: Buffer;
  readonly createdAtMs: number;
}

/** Names the list of what a CA revoked: each product that trusts it has one of its own. */
export interface X509ListKey {
  readonly productKey: ProductKey;
  /** SHA-256 of the CA's public key, in lower-case hex. */
  readonly issuerKeyHash: string;
}

/** Trine's own CA: its key is sealed under its fingerprint. */
export interface X509OwnAuthority {
  readonly fingerprint: string;
  readonly der: Buffer;
  readonly sealedKey: SealedSecret;
  readonly createdAtMs: number;
}

/** A certificate whose end comes near, or has come. */
export interface X509Ending {
  readonly fingerprint: string;
  readonly device: DeviceRef;
  readonly iotId: string;
  readonly notAfterMs: number;
}

/**
 * Certificates of devices, the CAs that vouch for them, and what was revoked.
 *
 * `x509Version` of a device (`DeviceCredentials`) grows with every one of its certificates that is revoked and with every CA that its product
 * loses, in the same transaction: a session that was made under an older one is void.
 */
export interface X509Store extends X509Lookup {
  /**
   * Keeps a certificate of a device. Of any number of callers that add one fingerprint, exactly one adds it.
   * @returns `taken`: there is one with this fingerprint, of whichever device.
   */
  insert(record: X509Record): Promise<"inserted" | "taken" | "no_device">;
  /**
   * Notes that a device has used a certificate, and keeps one that is not known yet. Does nothing to a certificate of another device, and
   * never to when it was used first.
   */
  noteFirstUse(record: X509Record & { readonly seen: X509Seen; readonly firstUsedAtMs: number }): Promise<void>;
  find(fingerprint: string): Promise<X509Record | undefined>;
  /** Of a device, newest first. */
  list(device: DeviceRef): Promise<readonly X509Record[]>;
  /** Revokes one certificate of a device. @returns whether it was there and was not revoked before. */
  revoke(device: DeviceRef, fingerprint: string, revoked: { atMs: number; why: string }): Promise<boolean>;

  /** @returns `taken`: the product has it already. */
  insertAuthority(authority: X509AuthorityRecord): Promise<"inserted" | "taken" | "no_product">;
  /** Of a product, in the order of their fingerprints. */
  listAuthorities(productKey: ProductKey): Promise<readonly X509AuthorityRecord[]>;
  /** Has a product trust a CA no more. @returns whether it did. */
  deleteAuthority(productKey: ProductKey, fingerprint: string): Promise<boolean>;
  /**
   * Puts serial numbers on the list of what counts as revoked by the holder of a key, for the devices of one product and for good, and revokes
   * their certificates among them that are known, as well as those that one of them stood for.
   * @returns the devices of all of them, also of those that were revoked before; `no_product` when there is none.
   */
  revokeSerials(
    issuer: X509ListKey,
    serialNumbers: readonly string[],
    revoked: { atMs: number; why: string },
  ): Promise<readonly DeviceRef[] | "no_product">;
  /** What is on such a list, in the order of serial numbers. @throws InvalidCursorError */
  listRevoked(
    issuer: X509ListKey,
    page: { limit: number; cursor?: string },
  ): Promise<Page<{ serialNumber: string; revokedAtMs: number; why: string }>>;

  findOwnAuthority(): Promise<X509OwnAuthority | undefined>;
  /** Keeps Trine's own CA if there is none yet. @returns the one that is kept, whoever made it. */
  keepOwnAuthority(authority: X509OwnAuthority): Promise<X509OwnAuthority>;

  /**
   * Certificates in use that end before `beforeMs` and whose end was not told at this level or a more urgent one, at most `limit`: none that is
   * revoked, and none whose device uses one that ends later.
   *
   * @param ending.level days before the end; fewer are more urgent.
   */
  listEnding(ending: { beforeMs: number; level: number }, limit: number): Promise<readonly X509Ending[]>;
  /** Notes that the end was told at a level. Of any number of callers exactly one gets true. */
  noteEndingTold(fingerprint: string, level: number): Promise<boolean>;
  /** Forgets certificates that ended before `beforeMs`, at most `limit`: nobody can use them any more. @returns how many. */
  forgetEnded(beforeMs: number, limit: number): Promise<number>;
  /** How many certificates in use, by the same rule, end before each of the times. */
  countEnding(beforeMs: readonly number[]): Promise<readonly number[]>;
}
