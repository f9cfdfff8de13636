/** A value of a property, or what an event brings, as a device posts it. */
export interface Posted {
  readonly identifier: string;
  readonly value: unknown;
  /** Wall clock, as the device says; the time of arrival where it does not, or cannot be right. */
  readonly atMs: number;
}

/** A post that cannot be taken at all, with the code for the device (wire-format 8.1). */
export interface PostFault {
  readonly code: 460 | 6106 | 6357 | 6401;
  readonly message: string;
}

export const MALFORMED: PostFault = { code: 460, message: "request parameter error" };

export function isPostFault(outcome: object): outcome is PostFault {
  return "code" in outcome;
}

const YEAR_2000_MS = Date.UTC(2000, 0);
const DAY_MS = 86_400_000;

/** A value, which may be wrapped together with its time. */
export function toPosted(identifier: string, given: unknown, receivedAtMs: number): Posted {
  return isWrapped(given)
    ? { identifier, value: given.value, atMs: timeOf(given.time, receivedAtMs) }
    : { identifier, value: given, atMs: receivedAtMs };
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isWrapped(given: unknown): given is { readonly value: unknown; readonly time?: unknown } {
  return (
    isObject(given) &&
    Object.hasOwn(given, "value") &&
    Object.keys(given).every((key) => key === "value" || key === "time")
  );
}

/** A clock that was never set, or runs far ahead, would keep every later value out. */
function timeOf(time: unknown, receivedAtMs: number): number {
  const isRight =
    typeof time === "number" && Number.isInteger(time) && time >= YEAR_2000_MS && time <= receivedAtMs + DAY_MS;
  return isRight ? time : receivedAtMs;
}
