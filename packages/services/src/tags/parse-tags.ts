import { DEVICE_FACTS } from "@trine/core/registry";
import { z } from "zod";

const { tags: MOST_TAGS, tagNameChars, tagValueChars } = DEVICE_FACTS;

const attrKey = z.string().min(1).max(tagNameChars);
/** Its `domain`, which says who set it, is not kept. */
const updated = z
  .array(z.object({ attrKey, attrValue: z.string().max(tagValueChars) }))
  .min(1)
  .max(MOST_TAGS);
const deleted = z.array(z.object({ attrKey })).min(1).max(MOST_TAGS);

/** Reads what a device wants to have set (wire-format 8.4): of a key that comes twice the last one counts. */
export function parseUpdate(params: unknown): ReadonlyMap<string, string> | undefined {
  const parsed = updated.safeParse(params);
  return parsed.success ? new Map(parsed.data.map((tag) => [tag.attrKey, tag.attrValue])) : undefined;
}

/** Reads which of its tags a device wants to have deleted (wire-format 8.4). */
export function parseDelete(params: unknown): readonly string[] | undefined {
  const parsed = deleted.safeParse(params);
  return parsed.success ? parsed.data.map((tag) => tag.attrKey) : undefined;
}
