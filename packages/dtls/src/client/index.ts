export type { ClientOptions, ClientPsk } from "../openssl/openssl-client.ts";
export { type ConnectOptions, createDtlsConnector, type DtlsClient } from "./connect-dtls.ts";
