import { z } from "zod";

const MOST_MEMBERS = 100;
const MOST_TEXT_BYTES = 10_240;
const MOST_ITEMS = 512;

/** Vendors write numbers as text. */
const number = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^-?\d{1,40}(\.\d{1,40})?$/, "is no number")
      .transform(Number),
  ])
  .refine(Number.isFinite, "is no number");
const count = (most: number) => number.pipe(z.int().min(1).max(most)).default(most);

/** What properties, events, services and their members are called. */
export const identifier = z.string().regex(/^\w{1,50}$/, "1 to 50 of A-Z a-z 0-9 _");

const range = z
  .looseObject({ min: number.optional(), max: number.optional(), step: number.pipe(z.number().min(0)).optional() })
  .refine(({ min, max }) => min === undefined || max === undefined || min <= max, "min is greater than max")
  .default({});
const names = z
  .record(z.string().regex(/^-?\d{1,9}$/, "is no whole number"), z.unknown())
  .refine((of) => Object.keys(of).length > 0 && Object.keys(of).length <= MOST_MEMBERS, `1 to ${MOST_MEMBERS} values`);

const scalars = [
  z.looseObject({ type: z.literal("int"), specs: range }),
  z.looseObject({ type: z.literal("float"), specs: range }),
  z.looseObject({ type: z.literal("double"), specs: range }),
  z.looseObject({
    type: z.literal("text"),
    specs: z.looseObject({ length: count(MOST_TEXT_BYTES) }).default({ length: MOST_TEXT_BYTES }),
  }),
  z.looseObject({ type: z.literal("enum"), specs: names }),
  z.looseObject({ type: z.literal("bool") }),
  z.looseObject({ type: z.literal("date") }),
] as const;
const scalar = z.discriminatedUnion("type", scalars);

// Nested as the vendor nests: no structure in a structure but through an array, no array in an array.
const flatStruct = structOf(scalar);
const array = z.looseObject({
  type: z.literal("array"),
  specs: z.looseObject({ size: count(MOST_ITEMS), item: z.discriminatedUnion("type", [...scalars, flatStruct]) }),
});
const struct = structOf(z.discriminatedUnion("type", [...scalars, array]));

/** A data type of the vendor's TSL (wire-format 8.1). Further fields are let pass. */
export const dataType = z.discriminatedUnion("type", [...scalars, array, struct]);

/** A data type, checked. */
export type DataType = z.output<typeof dataType>;

/** A named part of a structure, an event or a service. */
export function memberOf<Type extends z.ZodType>(type: Type) {
  return z.looseObject({ identifier, name: z.string().max(100).optional(), dataType: type });
}

/** Named parts, each name once. */
export function membersOf<Type extends z.ZodType>(type: Type, most = MOST_MEMBERS) {
  return z.array(memberOf(type)).max(most).superRefine(eachOnce);
}

/** Complains about an identifier that comes again. */
export function eachOnce(
  members: readonly { readonly identifier: string }[],
  context: { addIssue(issue: { code: "custom"; message: string; path: PropertyKey[] }): void },
): void {
  const seen = new Set<string>();
  for (const [at, { identifier: name }] of members.entries()) {
    if (seen.has(name))
      context.addIssue({ code: "custom", message: `${name} is there twice`, path: [at, "identifier"] });
    seen.add(name);
  }
}

function structOf<Type extends z.ZodType>(type: Type) {
  return z.looseObject({ type: z.literal("struct"), specs: membersOf(type) });
}
