export type { CertificateSource, DtlsOptions, DtlsServer, DtlsSession, NoEngine } from "./dtls-server.ts";
export type { CertificateMaterial } from "./engine/engine.ts";
export type { FrontLimits } from "./front/front-limits.ts";
export { startDtls } from "./start-dtls.ts";
