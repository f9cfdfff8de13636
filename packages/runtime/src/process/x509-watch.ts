import type { Operators } from "@trine/core/platform";
import type { Metrics } from "../observe/metrics.ts";

/** Makes what tells of certificates of devices that end. @returns whether there may be more to tell. */
export function createX509Watch(deps: {
  operators: Pick<Operators, "x509Endings">;
  metrics: Pick<Metrics, "x509Ending">;
}): (signal: AbortSignal) => Promise<boolean> {
  const { operators, metrics } = deps;
  return async (signal) => {
    const more = await operators.x509Endings.work(signal);
    if (more) return true;
    for (const [days, count] of await operators.x509Endings.count()) metrics.x509Ending.set({ days }, count);
    return false;
  };
}
