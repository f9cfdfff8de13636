import type { AccessKey } from "@trine/core/access";
import { z } from "zod";
import { apiKeyBody, newApiKey, timeOrNull } from "./api-keys.ts";

export const accessKeyParams = z.object({ accessKeyId: z.string() });

export const newAccessKey = newApiKey;

export const accessKeyBody = z.object({
  accessKeyId: z.string().describe("Not secret."),
  ...apiKeyBody.omit({ keyId: true, previousEndsAt: true }).shape,
});

export const issuedAccessKey = accessKeyBody.extend({
  accessKeySecret: z.string().describe("Shown here and never again."),
});

/** An access key as the API shows it. */
export function showAccessKey(key: AccessKey): z.output<typeof accessKeyBody> {
  const { accessKeyId, name, role, products, createdAtMs, createdBy, expiresAtMs, lastUsed } = key;
  return {
    accessKeyId,
    name,
    role,
    products: products ? [...products] : null,
    createdAt: new Date(createdAtMs).toISOString(),
    createdBy,
    expiresAt: timeOrNull(expiresAtMs),
    lastUsedAt: timeOrNull(lastUsed?.atMs),
    lastAddress: lastUsed?.peer ?? null,
  };
}
