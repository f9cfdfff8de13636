import { type DeviceName, parseDeviceName } from "../certificate/names.ts";
import type { BatchError, BatchLine } from "../ports/batch-store.ts";
import { checkDeviceFacts } from "./check-device-facts.ts";
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
    const deviceName = asked === undefined ? undefined : parseDeviceName(asked);
    const before = asked === undefined ? undefined : seen.get(asked);
    const wrong = checkName({ asked, deviceName, before }) ?? checkDeviceFacts(line);
    if (wrong) errors.push(lineError(line.line, asked ?? "", wrong));
    else good.push(deviceName === undefined ? line : { ...line, deviceName });
    if (asked !== undefined && before === undefined) seen.set(asked, line.line);
  }
  return { good, errors };
}

/** @param name.before the line that named it first. */
function checkName(name: {
  asked: string | undefined;
  deviceName: DeviceName | undefined;
  before: number | undefined;
}) {
  const { asked, deviceName, before } = name;
  if (asked === undefined) return undefined;
  if (!deviceName) return ["name_invalid", "4 to 32 of letters, digits, -_@.:"] as const;
  return before === undefined ? undefined : (["name_repeated", `line ${before} names it already`] as const);
}

function lineError(line: number, deviceName: string, [code, message]: readonly [string, string]): BatchError {
  return { line, deviceName: deviceName.slice(0, 64), code, message };
}
