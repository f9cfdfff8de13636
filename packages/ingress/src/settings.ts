import { intSetting, optionalTextSetting, trustedProxiesSetting } from "@trine/runtime";
import { z } from "zod";
import { tlsSettings } from "./identity/tls-settings.ts";

/** Settings of everything that devices reach over TCP. */
export const ingressSettings = z.object({
  ...tlsSettings.shape,
  ...trustedProxiesSetting,
  TRINE_CONNECTIONS_PER_ADDRESS: intSetting(
    { fallback: 10_000, min: 0 },
    "Connections that one network (an IPv4 address, an IPv6 /64) may have open over all ports of the process; further ones are closed unread. A carrier hides thousands of devices behind one address. `0`: no limit.",
  ),
  TRINE_FIRST_BYTE_SECONDS: intSetting(
    { fallback: 10, min: 1 },
    "Time that a new connection may take for each step until it is known what it speaks: the first byte, a proxy's header, the handshake of TLS, the head of a WebSocket's request.",
  ),
  TRINE_TLS_HANDSHAKES: intSetting(
    { fallback: 200, min: 1 },
    "TLS handshakes that the process works on at once; others wait for their turn. One network has a quarter of them at the most.",
  ),
  TRINE_PROXY_KEY_FILE: optionalTextSetting(
    "File with a key (32 random bytes in base64) that the `front` and the adapters behind it share: by it they believe which device's key or certificate a channel proved. Unset: a proxy's word on that is refused.",
  ),
});

export type IngressSettings = z.output<typeof ingressSettings>;
