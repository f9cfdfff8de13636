export { type CoapSettings, coapSettings } from "./settings.ts";
export { startCoap } from "./start-coap.ts";
