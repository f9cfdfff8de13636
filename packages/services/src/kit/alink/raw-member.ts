/**
 * The source text of a top-level member of a JSON object, so that it can be echoed byte for byte: `"1"` stays a string, and a number
 * keeps digits that a double cannot hold.
 *
 * @param json a text that `JSON.parse` took and that is an object. Of a repeated name the last one counts, as in `JSON.parse`.
 * @returns `undefined` when there is no such member.
 */
export function rawMember(json: string, name: string): string | undefined {
  let found: string | undefined;
  let at = skipBlanks(json, json.indexOf("{") + 1);
  while (json[at] === '"') {
    const nameEnd = stringEnd(json, at);
    const isIt = JSON.parse(json.slice(at, nameEnd)) === name;
    const valueAt = skipBlanks(json, skipBlanks(json, nameEnd) + 1);
    const end = valueEnd(json, valueAt);
    if (isIt) found = json.slice(valueAt, end);
    const next = skipBlanks(json, end);
    at = json[next] === "," ? skipBlanks(json, next + 1) : next;
  }
  return found;
}

function skipBlanks(json: string, from: number): number {
  let at = from;
  while (json[at] === " " || json[at] === "\t" || json[at] === "\n" || json[at] === "\r") at += 1;
  return at;
}

/** Just behind the string that starts at `from`. */
function stringEnd(json: string, from: number): number {
  let at = from + 1;
  while (json[at] !== '"') at += json[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Just behind the value that starts at `from`. */
function valueEnd(json: string, from: number): number {
  const first = json[from];
  if (first === '"') return stringEnd(json, from);
  if (first === "{" || first === "[") return nestedEnd(json, from);
  let at = from;
  while (at < json.length && !",}] \t\n\r".includes(json.charAt(at))) at += 1;
  return at;
}

function nestedEnd(json: string, from: number): number {
  let depth = 0;
  let at = from;
  for (;;) {
    const character = json[at];
    if (character === '"') {
      at = stringEnd(json, at);
      continue;
    }
    if (character === "{" || character === "[") depth += 1;
    if (character === "}" || character === "]") depth -= 1;
    at += 1;
    if (depth === 0) return at;
  }
}
