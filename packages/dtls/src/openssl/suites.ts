/**
 * The suites that are spoken, the preferred first, by OpenSSL's names.
 *
 * Those with certificates rank above those with pre-shared keys: old SDKs list suites with keys that they do not have (wire-format 2.8).
 * `legacy` are the only ones that the SDKs have: CBC, SHA-1, and RSA without forward secrecy.
 */
const SUITES: readonly { readonly name: string; readonly isLegacy?: true }[] = [
  { name: "ECDHE-ECDSA-AES128-GCM-SHA256" },
  { name: "ECDHE-ECDSA-AES256-GCM-SHA384" },
  { name: "ECDHE-ECDSA-AES128-CCM8" },
  { name: "ECDHE-RSA-AES128-GCM-SHA256" },
  { name: "ECDHE-RSA-AES256-GCM-SHA384" },
  { name: "AES128-SHA256", isLegacy: true },
  { name: "AES256-SHA256", isLegacy: true },
  { name: "AES128-SHA", isLegacy: true },
  { name: "AES256-SHA", isLegacy: true },
  { name: "PSK-AES128-GCM-SHA256" },
  { name: "PSK-AES128-CCM8" },
  { name: "PSK-AES128-CBC-SHA256" },
  { name: "PSK-AES128-CBC-SHA", isLegacy: true },
];

/**
 * The list as OpenSSL takes it.
 *
 * Level 0, because OpenSSL 3.2 and later count CCM_8, which RFC 7252 9.1.3.1 makes mandatory, as 64 bits; the rest would pass level 2. What
 * level 0 lets in besides is taken back by the lists below.
 */
export function suiteList({ legacy }: { legacy: boolean }): string {
  const names = SUITES.filter(({ isLegacy }) => legacy || !isLegacy).map(({ name }) => name);
  return `${names.join(":")}:@SECLEVEL=0`;
}

/** How key exchanges and certificates may be signed: nothing with SHA-1. */
export const SIGNATURE_ALGORITHMS =
  "ECDSA+SHA256:RSA+SHA256:RSA-PSS+SHA256:ECDSA+SHA384:RSA+SHA384:RSA-PSS+SHA384:ECDSA+SHA512:RSA+SHA512";

export const GROUPS = "X25519:P-256:P-384";

/** Whether a suite, by its name, proves a pre-shared key. */
export function isPskSuite(name: string): boolean {
  return name.startsWith("PSK-");
}
