import type { TopicClass } from "../../ports/device-registry.ts";

/** The topic classes of a new product: today's and the older spelling of the vendor's three (wire-format 6.1). */
export const DEFAULT_TOPIC_CLASSES: readonly TopicClass[] = [
  { suffix: "user/update", permission: "pub" },
  { suffix: "user/update/error", permission: "pub" },
  { suffix: "user/get", permission: "sub" },
  { suffix: "update", permission: "pub" },
  { suffix: "update/error", permission: "pub" },
  { suffix: "get", permission: "sub" },
];
