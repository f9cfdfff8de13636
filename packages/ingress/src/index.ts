export { createIngress, type IngressDeps } from "./create-ingress.ts";
export type { Inbound, Receivers, WebSocketReceiver } from "./inbound.ts";
export type { Ingress, Listener, ListenerOptions } from "./ingress.ts";
export { type IngressSettings, ingressSettings } from "./settings.ts";
