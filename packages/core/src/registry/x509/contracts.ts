import type { DeviceRef, ProductKey } from "../../certificate/names.ts";
import type { Secret } from "../../certificate/secret.ts";
import type { Page } from "../../ports/device-registry.ts";
import type { X509KeyType } from "../../ports/x509-issuer.ts";
import type { X509AuthorityRecord, X509Record } from "../../ports/x509-store.ts";
import type { X509Facts } from "../../x509/parse-x509.ts";
import type { Actor, Revoked } from "../contracts.ts";
import type { Problem } from "../problem.ts";

/** What a certificate that Trine issues is to be; each has a default. */
export interface X509Order {
  /** A certification request (PKCS #10, PEM): the device keeps its key to itself. */
  readonly request?: string;
  /** Without a request: the kind of key to make. */
  readonly keyType?: X509KeyType;
  readonly validDays?: number;
}

/** A certificate that Trine issued. */
export interface IssuedX509 {
  readonly record: X509Record;
  readonly der: Buffer;
  /** The CA that signed it, in DER. */
  readonly authority: Buffer;
  /** PKCS #8 in PEM, told this once. Absent: the device has it. */
  readonly privateKey?: Secret;
}

/** What operators do with the X.509 certificates of devices. Every change is audited. */
export interface X509Certificates {
  /** Binds a certificate that somebody else issued, or its SHA-256 fingerprint (hex) alone: it needs no CA. */
  bind(
    actor: Actor,
    device: DeviceRef,
    what: { readonly certificate: string } | { readonly fingerprint: string },
  ): Promise<X509Record | Problem>;
  /** Issues a certificate by Trine's own CA. */
  issue(actor: Actor, device: DeviceRef, order: X509Order): Promise<IssuedX509 | Problem>;
  /**
   * Issues the follower of a certificate, which stays valid: both work until the older one ends or is revoked. For the same key, unless there is a
   * request or a kind of key, and for as many days, unless they are given.
   */
  renew(actor: Actor, device: DeviceRef, fingerprint: string, order: X509Order): Promise<IssuedX509 | Problem>;
  /** Of a device, newest first. */
  list(device: DeviceRef): Promise<readonly X509Record[] | Problem>;
  find(device: DeviceRef, fingerprint: string): Promise<X509Record | Problem>;
  /** For good. The device's sessions are closed on every node; with another proof it may come back at once. Doing it again does no harm. */
  revoke(actor: Actor, device: DeviceRef, fingerprint: string, why: string): Promise<Revoked | Problem>;
}

/** What operators do with the CAs that vouch for certificates. Every change is audited. */
export interface X509Authorities {
  /** Has a product trust a CA (PEM): for devices that its certificates name. */
  add(actor: Actor, productKey: ProductKey, certificate: string): Promise<X509AuthorityRecord | Problem>;
  list(productKey: ProductKey): Promise<readonly X509AuthorityRecord[] | Problem>;
  /** Has a product trust a CA no more. The product's sessions are closed on every node: what the CA vouched for does not come back. */
  remove(actor: Actor, productKey: ProductKey, fingerprint: string): Promise<Revoked | Problem>;
  /**
   * Puts serial numbers (hex) on the list of what a CA revoked, for the devices of this product, and closes the sessions of those that used such
   * a certificate. Doing it again does no harm.
   */
  revokeSerials(
    actor: Actor,
    authority: { readonly productKey: ProductKey; readonly fingerprint: string },
    list: { readonly serialNumbers: readonly string[]; readonly why: string },
  ): Promise<(Revoked & { readonly devices: number }) | Problem>;
  /** What a CA revoked, in the order of serial numbers. */
  listRevoked(
    authority: { readonly productKey: ProductKey; readonly fingerprint: string },
    page: { limit: number; cursor?: string },
  ): Promise<Page<{ serialNumber: string; revokedAtMs: number; why: string }> | Problem>;
  /** Trine's own CA. */
  findOwn(): Promise<X509Facts | Problem>;
  /** Makes Trine's own CA, if there is none yet. Issuing does it by itself. */
  makeOwn(actor: Actor): Promise<X509Facts>;
}

/** Watches over the ends of certificates. */
export interface X509Endings {
  /** Tells the ends that come near or have come, some of them. @returns whether there may be more: call again then. */
  work(signal: AbortSignal): Promise<boolean>;
  /** How many certificates in use end within so many days, and are not followed by another one, by days; 0 is: have ended. */
  count(): Promise<ReadonlyMap<number, number>>;
}
