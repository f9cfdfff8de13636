import { ingressSettings } from "@trine/ingress";
import { intSetting, portSetting, registrationSettings, textSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of the HTTP adapter. */
export const httpSettings = z.object({
  ...ingressSettings.shape,
  ...registrationSettings.shape,
  TRINE_DEVICE_HOST: textSetting("0.0.0.0", "Address that device listeners bind to."),
  TRINE_HTTP_PORT: portSetting(8080, "Devices' HTTP. `0`: a free port, `off`: no listener."),
  TRINE_HTTPS_PORT: portSetting(8443, "Devices' HTTPS. `0`: a free port, `off`: no listener."),
  TRINE_HTTP_PAYLOAD_BYTES: intSetting(
    { fallback: 131_072, min: 1_024 },
    "Largest published payload (wire-format 10).",
  ),
  TRINE_HTTP_REQUEST_SECONDS: intSetting(
    { fallback: 30, min: 1 },
    "Time that a device may take to send one request, and to read its answer.",
  ),
  TRINE_HTTP_CONNECTIONS: intSetting(
    { fallback: 10_000, min: 1 },
    "HTTP connections open at once; further ones are closed unheard.",
  ),
  TRINE_HTTP_POLLS: intSetting(
    { fallback: 5_000, min: 1 },
    "Devices that may wait for a message at once (long poll); further ones are answered 40000.",
  ),
  TRINE_HTTP_POLL_SECONDS: intSetting(
    { fallback: 60, min: 1, max: 3_600 },
    "Longest time that a device may wait for a message; a longer one is shortened to it.",
  ),
  TRINE_HTTP_IDLE_SECONDS: intSetting({ fallback: 75, min: 1 }, "Time that an idle connection is kept open."),
});

export type HttpSettings = z.output<typeof httpSettings>;
