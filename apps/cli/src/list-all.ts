import type { ApiClient } from "./api-client.ts";

/** Most items that the API gives in one answer. */
const PAGE = 1_000;

type Item = Readonly<Record<string, unknown>>;

/** Reads a list of the API, page by page, up to `limit` items. `more`: there are further ones. */
export async function listAll(
  api: ApiClient,
  path: string,
  { limit, query = {} }: { limit: number; query?: Readonly<Record<string, string>> },
): Promise<{ items: readonly Item[]; more: boolean }> {
  const items: Item[] = [];
  let cursor: string | undefined;
  do {
    const page = { ...query, limit: String(Math.min(PAGE, limit - items.length)), ...(cursor ? { cursor } : {}) };
    const answer: { items: Item[]; nextCursor?: string } = await api.call(
      "GET",
      `${path}?${new URLSearchParams(page)}`,
    );
    items.push(...answer.items);
    cursor = answer.nextCursor;
  } while (cursor !== undefined && items.length < limit);
  return { items, more: cursor !== undefined };
}
