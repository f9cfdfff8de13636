/** A value of JSON. */
export type Json = null | boolean | number | string | readonly Json[] | Attributes;

/** What JSON calls an object. */
export interface Attributes {
  readonly [name: string]: Json;
}

/** What is reported or desired, and since when: of each attribute in seconds since 1970, as the wire has it (wire-format 8.2). */
export interface Section {
  readonly state: Attributes;
  readonly since: Readonly<Record<string, number>>;
}

/** The shadow of a device: what it said about itself, and what applications want it to be. */
export interface Shadow {
  readonly version: number;
  /** When it changed last, in seconds since 1970. */
  readonly changedAt: number;
  readonly reported: Section;
  readonly desired: Section;
}

export const EMPTY_SECTION: Section = { state: {}, since: {} };

/** Limits of a shadow (wire-format 8.2, 10); `bytes` counts both states as JSON, and a request as it came. */
export const SHADOW_LIMITS = { bytes: 16_384, depth: 5, attributes: 128 } as const;

/** Whether attributes are nested no deeper than they may be, and whether all of their numbers are some: `1e999` is none. */
export function fitsShadow(value: unknown, depthLeft: number = SHADOW_LIMITS.depth): boolean {
  if (typeof value === "number") return Number.isFinite(value);
  if (typeof value !== "object" || value === null) return true;
  return depthLeft > 0 && Object.values(value).every((inner) => fitsShadow(inner, depthLeft - 1));
}

export function isAttributes(value: unknown): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What takes an attribute away. Devices in C cannot say `null`, they say it as a text (wire-format 8.2). */
export function isNothing(value: unknown): value is null | "null" {
  return value === null || value === "null";
}
