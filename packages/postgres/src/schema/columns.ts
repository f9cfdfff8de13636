import { bigint, customType } from "drizzle-orm/pg-core";

/**
 * A text that is compared byte by byte, whatever the locale of the server: lists give out cursors by it, so its order must be the
 * same for ever, and a prefix is a range of its index.
 */
export const byteOrderedText = customType<{ data: string }>({ dataType: () => 'text collate "C"' });

/** Milliseconds since 1970. As a number: safe integers last for 285 000 years. */
export const timeMs = (name: string) => bigint(name, { mode: "number" });

/**
 * A position, a count or an epoch. As a number: a log that takes a million messages a second reaches the largest safe integer in
 * 285 years.
 */
export const safeInteger = (name: string) => bigint(name, { mode: "number" });
