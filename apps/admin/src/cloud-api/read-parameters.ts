import { actionError, gatewayError } from "./cloud-error.ts";
import type { Parameters } from "./parse-form.ts";

/** A parameter that must not be missing or empty. @throws CloudError with `code`. */
export function requireText(parameters: Parameters, name: string, code: `iot.${string}`): string {
  const text = parameters.get(name);
  if (!text) throw actionError(code, `${name} is missing`);
  return text;
}

/** A whole number within bounds; `undefined` when it is absent. @throws CloudError */
export function wholeNumber(parameters: Parameters, name: string, least: number, most: number): number | undefined {
  const text = parameters.get(name);
  if (text === undefined) return undefined;
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return value;
  throw gatewayError("InvalidParameter", `${name} is a number from ${least} to ${most}`);
}

/** A list, sent as `Name.1`, `Name.2` and so on without a gap; `of` is a field of its items, sent as `Name.1.Field`. */
export function listOf(parameters: Parameters, name: string, of = ""): readonly string[] {
  const items: string[] = [];
  for (;;) {
    const item = parameters.get(`${name}.${items.length + 1}${of && `.${of}`}`);
    if (item === undefined) return items;
    items.push(item);
  }
}

/** Which page is asked for, counted from 1. */
export interface PageParameters {
  readonly page: number;
  readonly size: number;
}

/** `CurrentPage` and `PageSize`. @throws CloudError */
export function pageOf(parameters: Parameters, { size, most }: { size: number; most: number }): PageParameters {
  const read = (name: string, fallback: number, limit: number) => {
    const text = parameters.get(name);
    const value = text === undefined ? fallback : /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (value >= 1 && value <= limit) return value;
    throw actionError("iot.common.InvalidPageParams", `${name} is a number from 1 to ${limit}`);
  };
  return { page: read("CurrentPage", 1, 1_000_000), size: read("PageSize", size, most) };
}
