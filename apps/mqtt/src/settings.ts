import { ingressSettings } from "@trine/ingress";
import { intSetting, portSetting, registrationSettings, textSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of the MQTT adapter. */
export const mqttSettings = z.object({
  ...ingressSettings.shape,
  ...registrationSettings.shape,
  TRINE_DEVICE_HOST: textSetting("0.0.0.0", "Address that device listeners bind to."),
  TRINE_MQTT_PORT: portSetting(
    1883,
    "MQTT 3.1 and 3.1.1: plain, over TLS and over WebSocket, told apart by the first bytes. `0`: a free port, `off`: no listener.",
  ),
  TRINE_MQTTS_PORT: portSetting(
    8883,
    "MQTT over TLS, and WebSocket over TLS, nothing in clear. `0`: a free port, `off`: no listener.",
  ),
  TRINE_MQTT_KEEPALIVE_MIN: intSetting(
    { fallback: 30, min: 1 },
    "Shortest keepalive in seconds (wire-format 2.6); a shorter one, and none, is refused with CONNACK 2.",
  ),
  TRINE_MQTT_KEEPALIVE_MAX: intSetting(
    { fallback: 1_200, min: 1 },
    "Longest keepalive in seconds (wire-format 2.6); a longer one is refused with CONNACK 2.",
  ),
  TRINE_MQTT_PAYLOAD_BYTES: intSetting(
    { fallback: 262_144, min: 1_024 },
    "Largest published payload (wire-format 10). A larger one closes the connection before it is buffered.",
  ),
  TRINE_MQTT_IN_FLIGHT: intSetting(
    { fallback: 100, min: 1, max: 1_000 },
    "Messages to one device that may be unacknowledged.",
  ),
  TRINE_MQTT_QUEUED_PUBLISHES: intSetting(
    { fallback: 100, min: 1 },
    "Messages of one device that may wait to be stored, before its connection is read no further.",
  ),
  TRINE_MQTT_BYTES_PER_SECOND: intSetting(
    { fallback: 0, min: 0 },
    "Bytes that one connection may send a second (wire-format 10: 1048576), before and after its login; it is read more slowly beyond them, and nothing is lost. 0: no limit.",
  ),
  TRINE_MQTT_FILTERS_PER_SUBSCRIBE: intSetting(
    { fallback: 8, min: 1 },
    "Filters of one SUBSCRIBE that are granted (wire-format 10); each further one is refused with 0x80.",
  ),
  TRINE_MQTT_SUBSCRIPTIONS: intSetting(
    { fallback: 100, min: 1 },
    "Subscriptions of one device (wire-format 10); further ones are refused with 0x80.",
  ),
  TRINE_MQTT_CONNECT_SECONDS: intSetting(
    { fallback: 10, min: 1 },
    "Time that a new connection may take to send its CONNECT.",
  ),
});

export type MqttSettings = z.output<typeof mqttSettings>;
