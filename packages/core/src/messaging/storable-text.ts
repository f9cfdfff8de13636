/** A value within another, and how it was reached: joined to a path only when it is wrong. */
interface Visit {
  readonly value: unknown;
  readonly name: string;
  readonly above: Visit | undefined;
}

/**
 * Finds a text that no store could give back: one with a NUL character (PostgreSQL takes none) or half of a surrogate pair (UTF-8 has
 * none). Names of members count as well; buffers are bytes and pass.
 *
 * @returns the names on the way to it, outermost first; `undefined` when there is none.
 */
export function findUnstorable(root: unknown): readonly string[] | undefined {
  // Not recursive: what strangers send may be nested deeper than the stack.
  const waiting: Visit[] = [{ value: root, name: "", above: undefined }];
  for (let visit = waiting.pop(); visit; visit = waiting.pop()) {
    const { value } = visit;
    if (typeof value === "string" && !isStorable(value)) return namesTo(visit);
    if (typeof value !== "object" || value === null || Buffer.isBuffer(value)) continue;
    for (const [name, inner] of Object.entries(value)) {
      if (!isStorable(name)) return namesTo(visit);
      waiting.push({ value: inner, name, above: visit });
    }
  }
  return undefined;
}

function isStorable(text: string): boolean {
  return !text.includes("\0") && !/\p{Surrogate}/u.test(text);
}

function namesTo(visit: Visit): readonly string[] {
  const names: string[] = [];
  for (let at: Visit | undefined = visit; at?.above; at = at.above) names.unshift(at.name);
  return names;
}
