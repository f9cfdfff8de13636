import { InvalidCursorError } from "@trine/core/ports";

/** Makes cursors of one list: opaque to clients, and of no use to another list. */
export function createCursors<Key>(list: string, parse: (text: string) => Key | undefined) {
  return {
    /** A page out of one row more than the page holds. */
    page<Row, Item>(
      rows: readonly Row[],
      limit: number,
      { key, item }: { key: (row: Row) => string; item: (row: Row) => Item },
    ) {
      const shown = rows.slice(0, limit);
      const last = shown.at(-1);
      const more = rows.length > limit && last !== undefined;
      return { items: shown.map(item), ...(more ? { nextCursor: write(list, key(last)) } : {}) };
    },
    /** The key that the cursor stands for. @throws InvalidCursorError */
    read(cursor: string | undefined): Key | undefined {
      if (cursor === undefined) return undefined;
      const text = Buffer.from(cursor, "base64url").toString("utf8");
      const key = text.startsWith(`${list}:`) ? parse(text.slice(list.length + 1)) : undefined;
      // Decoding is lenient, so only the exact spelling counts.
      if (key === undefined || Buffer.from(text, "utf8").toString("base64url") !== cursor)
        throw new InvalidCursorError();
      return key;
    },
  };
}

function write(list: string, key: string): string {
  return Buffer.from(`${list}:${key}`, "utf8").toString("base64url");
}
