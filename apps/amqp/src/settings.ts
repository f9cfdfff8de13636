import { ingressSettings } from "@trine/ingress";
import { intSetting, portSetting, textSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of the AMQP adapter. */
export const amqpSettings = z.object({
  ...ingressSettings.shape,
  TRINE_DEVICE_HOST: textSetting("0.0.0.0", "Address that device listeners bind to."),
  TRINE_AMQPS_PORT: portSetting(
    5671,
    "Applications' AMQP 1.0 over TLS (wire-format 9.2), nothing in clear. `0`: a free port, `off`: no listener.",
  ),
  TRINE_AMQP_PORT: portSetting(
    "off",
    "Applications' AMQP 1.0 without TLS, for networks that nobody listens in on. `0`: a free port, `off`: no listener.",
  ),
  TRINE_AMQP_TIMESTAMP_SECONDS: intSetting(
    { fallback: 0, min: 0 },
    "How far the timestamp that an application signed may be off. `0`: any is taken, since clients of the vendor's samples sign once and reconnect with that for months.",
  ),
  TRINE_AMQP_CLIENTS_PER_GROUP: intSetting(
    { fallback: 64, min: 0 },
    "Clients of one consumer group (wire-format 9.2), of this process; further ones are refused. `0`: no limit.",
  ),
  TRINE_AMQP_CONNECTIONS_PER_KEY: intSetting(
    { fallback: 128, min: 0 },
    "Connections of one access key (wire-format 9.2), of this process; further ones are refused. `0`: no limit.",
  ),
  TRINE_AMQP_LINK_SECONDS: intSetting(
    { fallback: 15, min: 1 },
    "Time that an application may take to open its receiver link (wire-format 9.2).",
  ),
  TRINE_AMQP_IDLE_SECONDS: intSetting(
    { fallback: 120, min: 2 },
    "Time without a frame after which a connection is closed; the client is told to send one in half of it.",
  ),
  TRINE_AMQP_IN_FLIGHT: intSetting(
    { fallback: 1_000, min: 1, max: 2_000 },
    "Messages to one client that may be unsettled, whatever its credit.",
  ),
  TRINE_AMQP_SLOW_SECONDS: intSetting(
    { fallback: 30, min: 1 },
    "Time that a client may take to read what was sent to it; one that reads more slowly is cut off.",
  ),
});

export type AmqpSettings = z.output<typeof amqpSettings>;
