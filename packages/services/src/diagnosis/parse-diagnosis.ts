import { z } from "zod";
import type { Diagnosis } from "./diagnosis.ts";

const MOST_RECORDS = 20;
const MOST_CHARACTERS = 2_048;

const record = z.looseObject({ _time: z.number().int().min(0).max(8_640_000_000_000_000).optional() });
const post = z.object({
  p: z.union([record.transform((one) => [one]), z.array(record).min(1).max(MOST_RECORDS)]),
  model: z.string().max(200).default(""),
});

/**
 * Reads what a device says of its network: one record of now, or several of the past, as `model` says.
 *
 * @returns newest first; `undefined` when it is none, or too much.
 */
export function parseDiagnosis(params: unknown, receivedAtMs: number): readonly Diagnosis[] | undefined {
  const { data } = post.safeParse(params);
  if (!data) return undefined;
  const isHistory = data.model.split("|").includes("time=history");
  const records = data.p.map(({ _time, ...network }) => ({
    ...(_time === undefined ? {} : { timeMs: _time }),
    receivedAtMs,
    isHistory,
    network,
  }));
  if (records.some(({ network }) => JSON.stringify(network).length > MOST_CHARACTERS)) return undefined;
  return records.toReversed();
}
