import type { BatchRequest } from "@trine/core/registry";
import { parse } from "csv-parse/sync";
import { ProblemError } from "./problem-reply.ts";

type Lines = BatchRequest["lines"];

/**
 * Reads a list of devices as CSV (RFC 4180). With a header line that names `deviceName` (any case), columns `nickname` and
 * `tag.K` are understood as well; without one, the first column is the name. `line` is the line of the file.
 *
 * @throws ProblemError when the text is no CSV.
 */
export function parseBatchCsv(text: string): Lines {
  const records = readRecords(text);
  const [first] = records;
  if (!first) return [];
  const header = first.record.map((cell) => cell.trim());
  const nameAt = header.findIndex((cell) => cell.toLowerCase() === "devicename");
  if (nameAt < 0) return records.map(({ record, line }) => ({ line, deviceName: record[0]?.trim() ?? "" }));
  return records.slice(1).map(({ record, line }) => toLine(header, record, { line, nameAt }));
}

function readRecords(text: string): { record: string[]; line: number }[] {
  try {
    const rows = parse(text, {
      bom: true,
      skip_empty_lines: true,
      relax_column_count: true,
      info: true,
    }) as unknown as {
      record: string[];
      info: { lines: number };
    }[];
    return rows.map(({ record, info }) => ({ record, line: info.lines }));
  } catch (error) {
    throw new ProblemError({
      status: 400,
      code: "invalid",
      title: "The CSV cannot be read",
      detail: (error as Error).message,
    });
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
