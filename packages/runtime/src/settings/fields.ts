import { Secret } from "@trine/core/certificate";
import { z } from "zod";

/** A TCP or UDP port: `0` takes a free one, `off` turns the listener off. */
export function portSetting(fallback: number | "off", description: string) {
  return z
    .union([z.literal("off"), z.coerce.number().int().min(0).max(65_535)])
    .default(fallback)
    .describe(description);
}

/** A whole number within bounds. */
export function intSetting(bounds: { fallback: number; min: number; max?: number }, description: string) {
  const { fallback, min, max = Number.MAX_SAFE_INTEGER } = bounds;
  return z.coerce.number().int().min(min).max(max).default(fallback).describe(description);
}

/** A text, never empty. */
export function textSetting(fallback: string, description: string) {
  return z.string().min(1).default(fallback).describe(description);
}

/** A text that may be absent; an empty one counts as absent, as compose files write it. */
export function optionalTextSetting(description: string) {
  return z
    .string()
    .optional()
    .transform((text) => (text === "" ? undefined : text))
    .describe(description);
}

/** A text that must not print itself, and may be absent. */
export function optionalSecretSetting(description: string) {
  return z
    .string()
    .optional()
    .transform((text) => (text ? new Secret(text, "Setting") : undefined))
    .describe(description);
}
