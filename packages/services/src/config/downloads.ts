import { parseProductKey } from "@trine/core/certificate";
import type { OpenDeviceService } from "../contracts.ts";
import type { ConfigStore } from "./store.ts";

/** Opens what links lead to: `{productKey}/{configId}`. */
export function createDownloads(configs: ConfigStore): NonNullable<OpenDeviceService["downloads"]> {
  return async (subject) => {
    const [product = "", configId = ""] = subject.split("/");
    const productKey = parseProductKey(product);
    const config = productKey && (await configs.find(productKey, { configId }));
    if (!config) return undefined;
    const bytes = Buffer.from(config.content);
    return {
      size: bytes.length,
      etag: config.sha256,
      type: "application/octet-stream",
      async *read({ start, end }) {
        yield bytes.subarray(start, end);
      },
    };
  };
}
