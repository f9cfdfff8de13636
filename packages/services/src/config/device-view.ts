import type { ProductKey } from "@trine/core/certificate";
import type { ServiceHost } from "../contracts.ts";
import type { ConfigFacts } from "./contracts.ts";

/**
 * What a device is told of a configuration (wire-format 8.4): the same in an answer and in a push.
 *
 * @param linkMs how long the link holds.
 */
export function deviceView(
  { signedUrl }: Pick<ServiceHost, "signedUrl">,
  productKey: ProductKey,
  { facts: { configId, size, sha256 }, linkMs }: { facts: ConfigFacts; linkMs: number },
) {
  return {
    configId,
    configSize: size,
    sign: sha256,
    signMethod: "Sha256",
    url: signedUrl(`${productKey}/${configId}`, linkMs),
    getType: "file",
  } as const;
}
