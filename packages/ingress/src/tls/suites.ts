/** Cipher suites by OpenSSL's names, in the order in which they are preferred. */
export interface SuiteSet {
  /** For `ciphers`. */
  readonly openSsl: string;
  /** Their numbers in a ClientHello, of TLS 1.2. */
  readonly numbers: ReadonlySet<number>;
}

type Suite = readonly [name: string, number: number];

/** With forward secrecy and authenticated encryption, for whoever can. */
const MODERN: readonly Suite[] = [
  ["ECDHE-ECDSA-AES128-GCM-SHA256", 0xc02b],
  ["ECDHE-RSA-AES128-GCM-SHA256", 0xc02f],
  ["ECDHE-ECDSA-AES256-GCM-SHA384", 0xc02c],
  ["ECDHE-RSA-AES256-GCM-SHA384", 0xc030],
  ["ECDHE-ECDSA-CHACHA20-POLY1305", 0xcca9],
  ["ECDHE-RSA-CHACHA20-POLY1305", 0xcca8],
];

/** What the SDKs' mbedTLS and others of its age speak (wire-format 2.8), the better ones first. */
const LEGACY: readonly Suite[] = [
  ["ECDHE-ECDSA-AES128-SHA256", 0xc023],
  ["ECDHE-RSA-AES128-SHA256", 0xc027],
  ["ECDHE-ECDSA-AES128-SHA", 0xc009],
  ["ECDHE-RSA-AES128-SHA", 0xc013],
  ["ECDHE-ECDSA-AES256-SHA", 0xc00a],
  ["ECDHE-RSA-AES256-SHA", 0xc014],
  ["AES128-GCM-SHA256", 0x009c],
  ["AES256-GCM-SHA384", 0x009d],
  ["AES128-SHA256", 0x003c],
  ["AES256-SHA256", 0x003d],
  ["AES128-SHA", 0x002f],
  ["AES256-SHA", 0x0035],
];

const PSK: readonly Suite[] = [
  ["ECDHE-PSK-CHACHA20-POLY1305", 0xccac],
  ["ECDHE-PSK-AES128-CBC-SHA256", 0xc037],
  ["ECDHE-PSK-AES128-CBC-SHA", 0xc035],
  ["PSK-AES128-GCM-SHA256", 0x00a8],
  ["PSK-AES256-GCM-SHA384", 0x00a9],
  ["PSK-CHACHA20-POLY1305", 0xccab],
  ["PSK-AES128-CBC-SHA256", 0x00ae],
  ["PSK-AES128-CBC-SHA", 0x008c],
  ["PSK-AES256-CBC-SHA", 0x008d],
];

const TLS_1_3 = "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256";

/** Suites with a certificate. */
export const MODERN_SUITES = suiteSet(MODERN, TLS_1_3);
/** The same, and those of old firmware. */
export const ALL_SUITES = suiteSet([...MODERN, ...LEGACY], TLS_1_3);
/** Suites with a pre-shared key, of TLS 1.2 only. */
export const PSK_SUITES = suiteSet(PSK);

function suiteSet(suites: readonly Suite[], more?: string): SuiteSet {
  const names = suites.map(([name]) => name);
  return {
    openSsl: [...(more ? [more] : []), ...names].join(":"),
    numbers: new Set(suites.map(([, number]) => number)),
  };
}

/**
 * Whether a client can only mean its pre-shared key: it offers a suite with one, and none of TLS 1.2 with a certificate. Old SDKs list suites
 * with a pre-shared key without having any, so certificates come first (wire-format 2.8). What it offers of TLS 1.3 does not count: a client
 * that is configured with a pre-shared key leaves these on, since its library does.
 */
export function meansPreSharedKey(offered: readonly number[], certificates: SuiteSet): boolean {
  return (
    offered.some((suite) => PSK_SUITES.numbers.has(suite)) && !offered.some((suite) => certificates.numbers.has(suite))
  );
}
