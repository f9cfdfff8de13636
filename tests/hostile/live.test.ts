import { expect, it } from "vitest";
import { runLive } from "../src/fuzz/live/run-live.ts";

// The same inputs at every run; the long mode is `npm run test:fuzz -- --live --minutes 30`, which judges memory as well.
const SEED = 20_211;
const ATTACK_MS = 15_000;
/** Other tests run beside this one. */
const BETWEEN_MS = 25;

it("attackers on every port bring nothing down, and nobody else loses, waits or is cut off", {
  timeout: 180_000,
}, async () => {
  const { faults } = await runLive({ seed: SEED, ms: ATTACK_MS, betweenMs: BETWEEN_MS, log: () => undefined });
  expect(faults).toEqual([]);
});
