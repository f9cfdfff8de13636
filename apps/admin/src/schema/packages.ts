import type { PackageRecord } from "@trine/core/ports";
import { PACKAGE_LIFE } from "@trine/core/registry";
import { instant } from "@trine/services/rest";
import { z } from "zod";

export const packageParams = z.object({ batchId: z.string(), packageId: z.string() });

export const newPackage = z.strictObject({
  recipient: z
    .string()
    .max(4_096)
    .describe(
      "Public key of the factory, as `trine burn keygen` prints it: `age1...`. Only its private key opens the package.",
    ),
  count: z.int().min(1).optional().describe("At most so many devices; default all that are in no package."),
  expiresInSeconds: z
    .int()
    .min(1)
    .max(PACKAGE_LIFE.maxSeconds)
    .optional()
    .describe(`From then on the factory's tool hands nothing out. Default ${PACKAGE_LIFE.defaultSeconds}.`),
});

export const packageBody = z.object({
  packageId: z.string(),
  batchId: z.string(),
  productKey: z.string(),
  recipient: z.string(),
  status: z.enum(["handed_over", "voiding", "voided"]),
  count: z.int().describe("Devices that are in it; those that a voiding released are not."),
  burned: z.int().describe("Of those, how many a receipt told to be burned."),
  createdAt: instant,
  expiresAt: instant,
});

export const packedDevice = z.object({ deviceName: z.string(), burnedAt: instant.optional() });

export const receiptNoted = packageBody.extend({
  marked: z.int().describe("Devices that the receipt told of for the first time."),
  strangers: z.int().describe("Entries that are no device of the package: deleted, or voided."),
});

/** A package as the API shows it. */
export function showPackage({
  createdAtMs,
  expiresAtMs,
  receiptKey: _,
  ...rest
}: PackageRecord): z.output<typeof packageBody> {
  return { ...rest, createdAt: new Date(createdAtMs).toISOString(), expiresAt: new Date(expiresAtMs).toISOString() };
}
