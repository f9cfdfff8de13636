/** The section numbers of the wire format, with `0.N` for each row of its short list. */
export function wireFormatSections(markdown: string): ReadonlySet<string> {
  const headings = [...markdown.matchAll(/^#{2,3} (\d+(?:\.\d+)?) /gm)].map(([, number = ""]) => number);
  const [, shortList = ""] = /^## 0 ([\s\S]*?)^## 1 /m.exec(markdown) ?? [];
  const rows = [...shortList.matchAll(/^\| (\d+) \|/gm)].map(([, row]) => `0.${row}`);
  return new Set([...headings, ...rows]);
}

/** The sections that a text cites as "wire-format 2.6", "wire-format 6.2, 6.3 and 7" or "wire-format 5.3 to 5.6". */
export function citedSections(text: string): readonly string[] {
  const inOneLine = text.replace(/\s*\n\s*(?:\*(?!\/)|\/\/|#)?\s*/g, " ");
  const cited = /\bwire-format \d+(?:\.\d+)?(?:(?:, | to | and )\d+(?:\.\d+)?)*/g;
  return [...inOneLine.matchAll(cited)].flatMap(([citation]) => citation.match(/\d+(?:\.\d+)?/g) ?? []);
}
