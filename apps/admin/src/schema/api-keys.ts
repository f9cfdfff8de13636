import { type ApiKey, KEY_ROTATION_GRACE, MAX_KEY_PRODUCTS, ROLES } from "@trine/core/access";
import { type ProductKey, parseProductKey } from "@trine/core/certificate";
import { instant } from "@trine/services/rest";
import { z } from "zod";
import { compact } from "../compact.ts";
import { invalidField } from "../problem-reply.ts";

export const keyParams = z.object({ keyId: z.string().describe("The part of a key between `trine_` and `_`.") });

const role = z
  .enum(ROLES)
  .describe(
    "viewer: looks, never at a secret. operator: changes products and devices, sends and reads messages. admin: secrets in clear, rotation, export, keys, the audit log.",
  );

export const newApiKey = z.strictObject({
  name: z.string().min(1).max(64).describe("Who or what uses it; it stands in the audit log."),
  role,
  products: z
    .array(z.string())
    .min(1)
    .max(MAX_KEY_PRODUCTS)
    .optional()
    .describe("ProductKeys that it is limited to. Default: no limit."),
  expiresAt: instant.optional().describe("Default: never."),
});

export const keyRotation = z
  .strictObject({
    graceSeconds: z
      .int()
      .min(0)
      .max(KEY_ROTATION_GRACE.maxSeconds)
      .optional()
      .describe(
        `How long the key before works on, default ${KEY_ROTATION_GRACE.defaultSeconds}. 0: it dies at once, with the sessions that it opened.`,
      ),
  })
  .nullish();

export const apiKeyBody = z.object({
  keyId: z.string(),
  name: z.string(),
  role,
  products: z.array(z.string()).nullable().describe("Null: every product."),
  createdAt: instant,
  createdBy: z.string(),
  expiresAt: instant.nullable(),
  previousEndsAt: instant.nullable().describe("While a rotation is under way: when the key before dies."),
  lastUsedAt: instant.nullable().describe("To the minute."),
  lastAddress: z.string().nullable(),
});

export const issuedApiKey = apiKeyBody.extend({ key: z.string().describe("Shown here and never again.") });

/** What a key that is to be made may do, and for how long. @throws ProblemError for a text that is no ProductKey. */
export function grantOf({ name, role, products, expiresAt }: z.output<typeof newApiKey>) {
  const limits = {
    products: products?.map(productOf),
    expiresAtMs: expiresAt === undefined ? undefined : Date.parse(expiresAt),
  };
  return { name, role, ...compact(limits) };
}

/** A key as the API shows it. */
export function showApiKey(key: ApiKey): z.output<typeof apiKeyBody> {
  const { keyId, name, role: may, products, createdAtMs, createdBy, expiresAtMs, previousEndsAtMs, lastUsed } = key;
  return {
    keyId,
    name,
    role: may,
    products: products ? [...products] : null,
    createdAt: new Date(createdAtMs).toISOString(),
    createdBy,
    expiresAt: timeOrNull(expiresAtMs),
    previousEndsAt: timeOrNull(previousEndsAtMs),
    lastUsedAt: timeOrNull(lastUsed?.atMs),
    lastAddress: lastUsed?.peer ?? null,
  };
}

/** A time that may be absent. */
export function timeOrNull(atMs: number | undefined): string | null {
  return atMs === undefined ? null : new Date(atMs).toISOString();
}

function productOf(text: string, index: number): ProductKey {
  const productKey = parseProductKey(text);
  if (!productKey) throw invalidField(`products.${index}`, "1 to 20 letters and digits");
  return productKey;
}
