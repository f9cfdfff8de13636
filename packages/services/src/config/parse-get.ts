import { z } from "zod";

const get = z.object({ configScope: z.literal("product"), getType: z.enum(["file", "content"]) });

/** Reads how a device wants its configuration (wire-format 8.4): by a link or as text; `undefined` when it says neither. */
export function parseGet(params: unknown): "file" | "content" | undefined {
  return get.safeParse(params).data?.getType;
}

const reply = z.object({
  id: z.union([z.string().regex(/^\d{1,15}$/), z.number().int().min(0).transform(String)]),
  code: z.number().int().min(-2_147_483_648).max(2_147_483_647),
});

/** Reads what a device says to a push. */
export function parsePushReply(members: unknown): { pushId: string; code: number } | undefined {
  const { data } = reply.safeParse(members);
  return data && { pushId: data.id, code: data.code };
}
