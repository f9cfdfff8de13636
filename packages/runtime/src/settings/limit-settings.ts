import type { PlatformSettings } from "@trine/core/platform";
import type { z } from "zod";
import { intSetting } from "./fields.ts";

/** Settings of what keeps a process from being overrun; why each has its default is in docs/decisions/0023. */
export const limitSettings = {
  TRINE_LOGIN_FAILURES_PER_MINUTE: intSetting(
    { fallback: 3_000, min: 0 },
    "Logins with a wrong MAC that may come from one network (an IPv4 address, an IPv6 /64) within a minute, over all processes, before it is refused unheard. Devices that proved themselves from there are heard all the same. 0: no limit.",
  ),
  TRINE_GUESS_DELAY_SECONDS: intSetting(
    { fallback: 300, min: 0, max: 86_400 },
    "Longest time for which wrong MACs of one device from one network are answered as throttled; it begins with 2 s after the eighth and doubles. A right MAC is never delayed. 0: never.",
  ),
  TRINE_LOGINS_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Logins that one process takes on a second; further ones are told when to come again. 0: no limit.",
  ),
  TRINE_LOGIN_BURST: intSetting(
    { fallback: 1_000, min: 1 },
    "Logins that one process takes on at once after a rest, with `TRINE_LOGINS_PER_SECOND`.",
  ),
  TRINE_LOGINS_UNDER_WAY: intSetting(
    { fallback: 500, min: 0 },
    "Logins that one process has taken on and not answered yet; further ones are told when to come again. 0: no limit.",
  ),
  TRINE_DEVICE_LOGINS_PER_MINUTE: intSetting(
    { fallback: 0, min: 0 },
    "Logins of one device within a minute (wire-format 10: 5). 0: no limit.",
  ),
  TRINE_DEVICE_QOS0_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Messages of QoS 0 from one device a second (wire-format 10: 30); further ones are dropped. 0: no limit.",
  ),
  TRINE_DEVICE_QOS1_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Messages of QoS 1 from one device a second (wire-format 10: 10), and messages over HTTP and CoAP; MQTT is read more slowly, HTTP and CoAP are refused. 0: no limit.",
  ),
  TRINE_DEVICE_DOWNLINK_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Messages to one device a second (wire-format 10: 50); further ones wait in its mailbox. 0: no limit.",
  ),
  TRINE_PRODUCT_LOGINS_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Logins of all devices of one product a second, in each process (wire-format 10: 500). 0: no limit.",
  ),
  TRINE_PRODUCT_MESSAGES_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Messages from all devices of one product a second, in each process (wire-format 10: 10000). 0: no limit.",
  ),
  TRINE_FULL_PERCENT: intSetting(
    { fallback: 90, min: 0, max: 99 },
    "Part of its memory, its heap or its file descriptors at which a process takes on no new connections and logins. Above the middle between this and 100, connections that have not logged in are closed. 0: never.",
  ),
  TRINE_MAX_CONNECTIONS: intSetting(
    { fallback: 0, min: 0 },
    "Connections that one process holds at once. 0: as many as its file descriptors allow.",
  ),
} as const;

type LimitSettings = { readonly [Name in keyof typeof limitSettings]: z.output<(typeof limitSettings)[Name]> };

/** The limits as the core takes them. */
export function guardSettings(settings: LimitSettings) {
  return {
    failuresPerPeer: settings.TRINE_LOGIN_FAILURES_PER_MINUTE,
    guessDelayMs: settings.TRINE_GUESS_DELAY_SECONDS * 1_000,
    loginsPerSecond: settings.TRINE_LOGINS_PER_SECOND,
    loginBurst: settings.TRINE_LOGIN_BURST,
    loginsUnderWay: settings.TRINE_LOGINS_UNDER_WAY,
    deviceLoginsPerMinute: settings.TRINE_DEVICE_LOGINS_PER_MINUTE,
    productLoginsPerSecond: settings.TRINE_PRODUCT_LOGINS_PER_SECOND,
    deviceQos0PerSecond: settings.TRINE_DEVICE_QOS0_PER_SECOND,
    deviceQos1PerSecond: settings.TRINE_DEVICE_QOS1_PER_SECOND,
    productMessagesPerSecond: settings.TRINE_PRODUCT_MESSAGES_PER_SECOND,
    deviceDownlinkPerSecond: settings.TRINE_DEVICE_DOWNLINK_PER_SECOND,
  } satisfies Partial<PlatformSettings>;
}
