const WATCHED = { Object, Array, Function, String, Number, Map, Buffer } as const;

/** Tells whether a prototype that everything inherits from was given something since the call. */
export function watchPrototypes(): { spoiled(): string | undefined } {
  const before = namesOfAll();
  return {
    spoiled() {
      const after = namesOfAll();
      const changed = Object.keys(WATCHED).filter((name) => before.get(name) !== after.get(name));
      return changed.length > 0 ? `the prototype of ${changed.join(", ")} was changed` : undefined;
    },
  };
}

function namesOfAll(): Map<string, string> {
  return new Map(
    Object.entries(WATCHED).map(([name, { prototype }]) => [name, Reflect.ownKeys(prototype).map(String).join()]),
  );
}
