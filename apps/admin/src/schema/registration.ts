import { z } from "zod";

/** A list of names, as it is put. */
export const registrationNames = z.strictObject({
  names: z.array(z.string()).max(100_000).default([]).describe("Names, spelled as devices spell them."),
  prefixes: z.array(z.string()).max(1_000).default([]).describe("Beginnings of names."),
});

export const registrationCounts = z.object({ names: z.int(), prefixes: z.int() });

/** One entry of a list. */
export const registrationName = z.object({
  name: z.string(),
  isPrefix: z.boolean().describe("It stands for every name that begins so."),
});
