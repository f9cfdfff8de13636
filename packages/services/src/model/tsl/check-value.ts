import type { DataType } from "./data-type.ts";

/** Says why a value is not of its type; `undefined` when it is. */
export type ValueCheck = (value: unknown) => string | undefined;

/** Steps of decimal fractions are met within this part of a step. */
const STEP_TOLERANCE = 1e-6;
const INT_MIN = -(2 ** 31);
const INT_MAX = 2 ** 31 - 1;
/** A date is milliseconds since 1970, as text (the vendor's way) or number. */
const DATE = /^\d{1,16}$/;

/** Makes the check of a data type (wire-format 8.1). What it says never repeats the value. */
export function checkOf(type: DataType): ValueCheck {
  switch (type.type) {
    case "int":
      return numberCheck(type.specs, (value) => Number.isInteger(value) && value >= INT_MIN && value <= INT_MAX);
    case "float":
    case "double":
      return numberCheck(type.specs, Number.isFinite);
    case "text":
      return textCheck(type.specs.length);
    case "bool":
      return (value) => (value === 0 || value === 1 ? undefined : "is neither 0 nor 1");
    case "enum":
      return enumCheck(type.specs);
    case "date":
      return (value) => (DATE.test(String(value)) && typeof value !== "object" ? undefined : "is no date");
    case "array":
      return arrayCheck(type.specs.size, checkOf(type.specs.item as DataType));
    case "struct":
      return structCheck(
        new Map(type.specs.map((member) => [member.identifier, checkOf(member.dataType as DataType)])),
      );
  }
}

/** Checks named values, of which none has to be there, against what they may be. */
export function structCheck(members: ReadonlyMap<string, ValueCheck>): ValueCheck {
  return (value) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "is no structure";
    for (const [name, inner] of Object.entries(value)) {
      const check = members.get(name);
      if (!check) return "has a member that the model does not have";
      const fault = check(inner);
      if (fault) return `${name} ${fault}`;
    }
    return undefined;
  };
}

function numberCheck(
  { min, max, step }: { min?: number | undefined; max?: number | undefined; step?: number | undefined },
  isOfType: (value: number) => boolean,
): ValueCheck {
  return (value) => {
    if (typeof value !== "number" || !isOfType(value)) return "is no such number";
    if (min !== undefined && value < min) return `is less than ${min}`;
    if (max !== undefined && value > max) return `is greater than ${max}`;
    if (!step) return undefined;
    const steps = (value - (min ?? 0)) / step;
    return Math.abs(steps - Math.round(steps)) <= STEP_TOLERANCE * Math.max(1, Math.abs(steps))
      ? undefined
      : `is not in steps of ${step}`;
  };
}

function textCheck(length: number): ValueCheck {
  return (value) => {
    if (typeof value !== "string") return "is no text";
    return Buffer.byteLength(value) > length ? `is longer than ${length} bytes` : undefined;
  };
}

function enumCheck(names: Readonly<Record<string, unknown>>): ValueCheck {
  return (value) =>
    typeof value === "number" && Object.hasOwn(names, String(value)) ? undefined : "is none of the values";
}

function arrayCheck(size: number, check: ValueCheck): ValueCheck {
  return (value) => {
    if (!Array.isArray(value)) return "is no array";
    if (value.length > size) return `has more than ${size} items`;
    for (const [at, item] of value.entries()) {
      const fault = check(item);
      if (fault) return `item ${at} ${fault}`;
    }
    return undefined;
  };
}
