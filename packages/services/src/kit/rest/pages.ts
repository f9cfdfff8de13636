import { z } from "zod";

/** Query of every list. */
export const pageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(50).describe("Most items in one answer."),
  cursor: z.string().min(1).optional().describe("`nextCursor` of the answer before."),
});

/** One page of a list. */
export function pageOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().optional() });
}

/** An instant, ISO 8601 in UTC. */
export const instant = z.iso.datetime();
