export { createIngress, type IngressDeps } from "./create-ingress.ts";
export { openTlsIdentity } from "./identity/open-tls-identity.ts";
export type { TlsIdentity, TlsMaterial } from "./identity/tls-identity.ts";
export { type TlsSettings, tlsSettings } from "./identity/tls-settings.ts";
export type { Inbound, Receivers, WebSocketReceiver } from "./inbound.ts";
export type { Ingress, Listener, ListenerOptions } from "./ingress.ts";
export { readProxyKey } from "./proxy/proxy-key.ts";
export { writeProxyHeader } from "./proxy/write-proxy-header.ts";
export { type IngressSettings, ingressSettings } from "./settings.ts";
