/** An instant as the vendor writes it in fields that begin with `Utc`; empty for none. */
export function utcText(atMs: number | undefined): string {
  return atMs === undefined ? "" : new Date(atMs).toISOString();
}

/** An instant in fields that begin with `Gmt`, in UTC since Trine knows no region; empty for none. */
export function gmtText(atMs: number | undefined): string {
  return utcText(atMs).slice(0, 19).replace("T", " ");
}
