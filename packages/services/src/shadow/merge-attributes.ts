import { type Attributes, isAttributes, isNothing, type Json } from "./shadow.ts";

/**
 * Changes attributes as RFC 7396 has it: what a patch does not name stays, objects are changed within, everything else (arrays too) is replaced
 * whole, and null, here the text "null" as well, takes away.
 */
export function mergeAttributes(attributes: Attributes, patch: Attributes): Attributes {
  const merged = new Map(Object.entries(attributes));
  for (const [name, value] of Object.entries(patch)) {
    if (isNothing(value)) merged.delete(name);
    else merged.set(name, mergeValue(merged.get(name), value));
  }
  // Not by assignment: a device may call an attribute `__proto__`.
  return Object.fromEntries(merged);
}

/**
 * Takes away what `names` names: an attribute by null or "null", attributes within one by an object. What is not there stays away, so that
 * nothing comes of it: a patch would make an object.
 */
export function removeAttributes(attributes: Attributes, names: Attributes): Attributes {
  const left = Object.entries(attributes).flatMap(([name, value]): [string, Json][] => {
    const named = Object.hasOwn(names, name) ? names[name] : undefined;
    if (isNothing(named)) return [];
    return [[name, isAttributes(named) && isAttributes(value) ? removeAttributes(value, named) : value]];
  });
  return Object.fromEntries(left);
}

function mergeValue(before: Json | undefined, value: Json): Json {
  return isAttributes(value) ? mergeAttributes(isAttributes(before) ? before : {}, value) : value;
}
