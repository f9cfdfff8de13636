import type { DeviceService } from "../contracts.ts";
import { alink } from "../kit/alink/alink.ts";

/** Takes what devices post of their thing model: properties and events (wire-format 8.1). */
export const service: DeviceService = {
  name: "model",
  summary: "thing model: properties, events and services of devices",
  isOnByDefault: true,
  open: () => ({ topics: { "/sys/{pk}/{dn}/thing/event/+/post": alink(() => ({ code: 200 })) } }),
};
