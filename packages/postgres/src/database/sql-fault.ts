/** The SQLSTATE of a fault; drizzle wraps the driver's error as `cause`. `undefined` when the database did not answer. */
export function sqlState(error: unknown): string | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if ("code" in at && typeof at.code === "string" && /^[0-9A-Z]{5}$/.test(at.code)) return at.code;
  }
  return undefined;
}

/** Whether the values were at fault (class 22: data exception), not the database: trying again with others may succeed. */
export function isDataFault(error: unknown): boolean {
  return sqlState(error)?.startsWith("22") ?? false;
}

export const DEADLOCK_DETECTED = "40P01";

export const FOREIGN_KEY_VIOLATION = "23503";
