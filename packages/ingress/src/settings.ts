import { intSetting, optionalTextSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of everything that devices reach over TCP. */
export const ingressSettings = z.object({
  TRINE_TRUSTED_PROXIES: optionalTextSetting(
    "Addresses or networks, with commas between, whose PROXY protocol (version 1 and 2) and `X-Forwarded-For` are believed. Whoever comes from one of them has to send either: see [Behind a proxy](operations.md#behind-a-proxy). Unset: none.",
  ),
  TRINE_CONNECTIONS_PER_ADDRESS: intSetting(
    { fallback: 10_000, min: 0 },
    "Connections that one address may have open over all ports of the process; further ones are closed unread. A carrier hides thousands of devices behind one address. `0`: no limit.",
  ),
  TRINE_FIRST_BYTE_SECONDS: intSetting(
    { fallback: 10, min: 1 },
    "Time that a new connection may take until it is known what it speaks.",
  ),
});

export type IngressSettings = z.output<typeof ingressSettings>;
