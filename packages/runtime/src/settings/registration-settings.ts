import { z } from "zod";

/** What every adapter asks about devices that register themselves. */
export const registrationSettings = z.object({
  TRINE_REGISTRATION_IN_CLEAR: z
    .enum(["on", "off"])
    .default("off")
    .describe(
      "Whether devices may register themselves, and log in with a device token, over connections that Trine does not see encrypted: `on` where a proxy ends TLS that does not say so. What they are handed can be read on the way (wire-format 3.6).",
    ),
});
