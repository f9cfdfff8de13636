import type { BatchRequest } from "@trine/core/registry";
import { parse } from "csv-parse/sync";
import { invalidField } from "./problem-reply.ts";

type Lines = BatchRequest["lines"];

/**
 * Reads a list of devices as CSV (RFC 4180). With a header line that names `deviceName` (any case), columns `nickname` and
 * `tag.K` are understood as well; without one, each line is one name. `line` is the line of the file.
 *
 * @throws ProblemError when the text is no CSV, or holds a column that has no meaning: nothing of a file is passed over unseen.
 */
export function parseBatchCsv(text: string): Lines {
  const records = readRecords(text);
  const [first] = records;
  if (!first) return [];
  const header = first.record.map((cell) => cell.trim());
  const nameAt = header.findIndex((cell) => cell.toLowerCase() === "devicename");
  if (nameAt < 0) {
    if (header.length > 1) throw invalidField("body", `line ${first.line}: several columns, and none is deviceName`);
    return records.map(({ record, line }) => ({ line, deviceName: record[0]?.trim() ?? "" }));
  }
  checkHeader(header);
  return records.slice(1).map(({ record, line }) => toLine(header, record, { line, nameAt }));
}

function readRecords(text: string): { record: string[]; line: number }[] {
  try {
    const rows = parse(text, {
      bom: true,
      skip_empty_lines: true,
      // A line may stop early, but a cell beyond the last column would be lost.
      relax_column_count_less: true,
      info: true,
    }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    throw invalidField("body", `is no CSV: ${(error as Error).message}`);
  }
}

function checkHeader(header: readonly string[]): void {
  const seen = new Set<string>();
  for (const cell of header) {
    const column = cell.startsWith("tag.") ? cell : cell.toLowerCase();
    if (!/^(devicename|nickname|tag\..+)$/.test(column))
      throw invalidField("body", `line 1: there is no column ${JSON.stringify(cell)}`);
    if (seen.has(column)) throw invalidField("body", `line 1: the column ${JSON.stringify(cell)} is there twice`);
    seen.add(column);
  }
}

function toLine(
  header: readonly string[],
  record: readonly string[],
  at: { line: number; nameAt: number },
): Lines[number] {
  const nickname = record[header.findIndex((cell) => cell.toLowerCase() === "nickname")]?.trim();
  const tags = header.flatMap((cell, index) => {
    const value = record[index]?.trim();
    return cell.startsWith("tag.") && value ? [[cell.slice("tag.".length), value]] : [];
  });
  const deviceName = record[at.nameAt]?.trim();
  return {
    line: at.line,
    // An empty cell asks for a drawn name.
    ...(deviceName ? { deviceName } : {}),
    ...(nickname ? { nickname } : {}),
    ...(tags.length > 0 ? { tags: Object.fromEntries(tags) as Record<string, string> } : {}),
  };
}
