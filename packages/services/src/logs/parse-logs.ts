import { z } from "zod";

const MOST_RECORDS = 100;
const MOST_CHARACTERS = 2_048;

const post = z.array(z.string().min(1).max(MOST_CHARACTERS)).min(1).max(MOST_RECORDS);
const get = z.object({ configScope: z.string().default("device"), getType: z.string().default("content") });

/** Reads the records of a post (wire-format 8.4); `undefined` when they are none, or too many or too long. */
export function parsePost(params: unknown): readonly string[] | undefined {
  return post.safeParse(params).data;
}

/** Reads what a device asks of its log's configuration: only its own is there, and only as content. */
export function parseGet(params: unknown): "device" | "malformed" | "type" | "scope" {
  const { data } = get.safeParse(params);
  if (!data) return "malformed";
  if (data.getType !== "content") return "type";
  return data.configScope === "device" ? "device" : "scope";
}
