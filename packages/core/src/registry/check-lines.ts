import { parseDeviceName } from "../certificate/names.ts";
import type { BatchError, BatchLine } from "../ports/batch-store.ts";
import type { BatchRequest } from "./contracts.ts";

/** The lines of a batch, sorted out. */
export interface CheckedLines {
  readonly good: readonly BatchLine[];
  readonly errors: readonly BatchError[];
}

/** Checks each line by itself and against the lines before it; what the product has already is found when it is registered. */
export function checkLines(lines: BatchRequest["lines"]): CheckedLines {
  const good: BatchLine[] = [];
  const errors: BatchError[] = [];
  const seen = new Map<string, number>();
  for (const { deviceName: asked, ...line } of lines) {
    if (asked === undefined) {
      good.push(line);
      continue;
    }
    const deviceName = parseDeviceName(asked);
    const before = seen.get(asked);
    if (!deviceName) errors.push(lineError(line.line, asked, ["name_invalid", "4 to 32 of letters, digits, -_@.:"]));
    else if (before !== undefined)
      errors.push(lineError(line.line, asked, ["name_repeated", `line ${before} names it already`]));
    else good.push({ ...line, deviceName });
    if (before === undefined) seen.set(asked, line.line);
  }
  return { good, errors };
}

function lineError(line: number, deviceName: string, [code, message]: readonly [string, string]): BatchError {
  return { line, deviceName: deviceName.slice(0, 64), code, message };
}
