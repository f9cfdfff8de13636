import type { DeviceRef } from "../certificate/names.ts";
import type { Secret } from "../certificate/secret.ts";

/** Kinds of keys that are made for devices. */
export const X509_KEY_TYPES = ["ec-p256", "rsa-2048"] as const;

export type X509KeyType = (typeof X509_KEY_TYPES)[number];

/** When a certificate holds, and the number that its issuer counts it by (hex). */
interface X509Terms {
  readonly serialNumber: string;
  readonly notBeforeMs: number;
  readonly notAfterMs: number;
}

/** A CA with its key: PKCS #8 in PEM. */
export interface X509Authority {
  readonly der: Buffer;
  readonly privateKey: Secret;
}

/** Makes certificates and keys. It computes; it keeps nothing, and whoever calls it decides for whom. */
export interface X509Issuer {
  /** Makes a key, and a CA that signs itself with it. */
  createAuthority(terms: X509Terms & { readonly name: string }): Promise<X509Authority>;
  /** Makes a key of a device. `publicKey` in DER (SubjectPublicKeyInfo), `privateKey` PKCS #8 in PEM. */
  createKey(type: X509KeyType): Promise<{ readonly publicKey: Buffer; readonly privateKey: Secret }>;
  /**
   * Reads a certification request (PKCS #10) in PEM or DER. Only its key counts: for whom it is, the caller knows.
   * @returns the public key, or `undefined` when it cannot be read, or was not signed with that key.
   */
  readRequest(request: string | Buffer): Promise<Buffer | undefined>;
  /** Signs a certificate that names a device in both forms that count, for logging in as a client. @returns it in DER. */
  issue(
    authority: X509Authority,
    certificate: X509Terms & { readonly device: DeviceRef; readonly publicKey: Buffer },
  ): Promise<Buffer>;
}
