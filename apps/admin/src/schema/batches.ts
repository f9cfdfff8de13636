import type { BatchRecord } from "@trine/core/ports";
import { instant } from "@trine/services/rest";
import { z } from "zod";

/** Most devices of one batch. */
export const MAX_BATCH = 100_000;

export const newBatch = z.union([
  z.strictObject({
    count: z.int().min(1).max(MAX_BATCH),
    prefix: z
      .string()
      .regex(/^[A-Za-z0-9_@.:-]{1,20}$/, "1 to 20 of letters, digits, -_@.:")
      .optional()
      .describe("Names are the prefix and a number; without one they are drawn."),
  }),
  z.strictObject({ deviceNames: z.array(z.string()).min(1).max(MAX_BATCH) }),
  z.string().min(1).describe("As `text/csv`: one name a line, or with a header line `deviceName,nickname,tag.K`."),
]);

const batchErrors = z.array(z.object({ line: z.int(), deviceName: z.string(), code: z.string(), message: z.string() }));

export const batchBody = z.object({
  batchId: z.string(),
  productKey: z.string(),
  status: z
    .enum(["held", "pending", "running", "done"])
    .describe("held: made through the cloud API, and not released there yet."),
  total: z.int(),
  done: z.int(),
  failed: z.int(),
  errors: batchErrors.describe("The first 1000, by line."),
  createdAt: instant,
});

export const checkedBatch = z.object({ total: z.int(), failed: z.int(), errors: batchErrors });

/** A batch as the API shows it. */
export function showBatch({ createdAtMs, errors, ...rest }: BatchRecord): z.output<typeof batchBody> {
  return { ...rest, errors: [...errors], createdAt: new Date(createdAtMs).toISOString() };
}
