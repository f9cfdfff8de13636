export type { Inbound, Receivers, WebSocketReceiver } from "./inbound.ts";
export type { Ingress, Listener, ListenerOptions } from "./ingress.ts";
