import { adminSettings } from "@trine/admin";
import { amqpSettings } from "@trine/amqp";
import { coapSettings } from "@trine/coap";
import { httpSettings } from "@trine/http";
import { mqttSettings } from "@trine/mqtt";
import { portSetting } from "@trine/runtime";
import { z } from "zod";

/** Settings of everything in one process. */
export const gatewaySettings = z.object({
  ...mqttSettings.shape,
  ...coapSettings.shape,
  ...httpSettings.shape,
  ...amqpSettings.shape,
  ...adminSettings.shape,
  TRINE_ALL_PORT: portSetting(
    "off",
    "One port for every protocol over TCP: plain MQTT, HTTP, WebSocket and TLS with each of them inside, told apart by the first bytes. `0`: a free port, `off`: no listener.",
  ),
});

export type GatewaySettings = z.output<typeof gatewaySettings>;
