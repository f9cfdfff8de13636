import { adminSettings } from "@trine/admin";
import { coapSettings } from "@trine/coap";
import { httpSettings } from "@trine/http";
import { mqttSettings } from "@trine/mqtt";
import { z } from "zod";

/** Settings of everything in one process. */
export const gatewaySettings = z.object({
  ...mqttSettings.shape,
  ...coapSettings.shape,
  ...httpSettings.shape,
  ...adminSettings.shape,
});
