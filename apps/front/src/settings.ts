import { ingressSettings } from "@trine/ingress";
import { intSetting, portSetting, textSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of the front. */
export const frontSettings = z.object({
  ...ingressSettings.shape,
  TRINE_DEVICE_HOST: textSetting("0.0.0.0", "Address that device listeners bind to."),
  TRINE_ALL_PORT: portSetting(
    443,
    "One port for every protocol over TCP: plain MQTT, HTTP, WebSocket and TLS with each of them inside, told apart by the first bytes. `0`: a free port, `off`: no listener.",
  ),
  TRINE_FRONT_MQTT: textSetting(
    "127.0.0.1:1883",
    "Where the front hands MQTT and WebSocket on to: `host:port` of `mqtt` processes, several with commas between. They take turns; one that does not answer is passed over.",
  ),
  TRINE_FRONT_HTTP: textSetting(
    "127.0.0.1:8080",
    "Where the front hands HTTP on to: `host:port` of `http` processes, in the same way.",
  ),
  TRINE_FRONT_CONNECT_MS: intSetting(
    { fallback: 2_000, min: 10 },
    "Time in ms that one of these processes may take to accept a connection.",
  ),
});

export type FrontSettings = z.output<typeof frontSettings>;
