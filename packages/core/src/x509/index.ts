export { findIssuer, isIssuedBy, MAX_INTERMEDIATES, type X509Issuer } from "./find-issuer.ts";
export { formatDeviceUrn, namedDevice } from "./named-device.ts";
export { MAX_X509_BYTES, parseX509, type X509Facts } from "./parse-x509.ts";
export { readPem, writePem } from "./read-pem.ts";
export { parseFingerprint } from "./serial-number.ts";
export { whyUnfit } from "./why-unfit.ts";
