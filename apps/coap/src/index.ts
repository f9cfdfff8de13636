export { type CoapSettings, coapSettings } from "./settings.ts";
export { type CoapDeps, startCoap } from "./start-coap.ts";
