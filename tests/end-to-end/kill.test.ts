import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { killRound } from "../src/faults/kill-round.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";

const ROUNDS = 2;

describe.each(INSTALLATIONS)("SIGKILL in the middle of QoS 1 traffic, %s", (kind) => {
  let trine: Installation;

  beforeAll(async () => {
    trine = await startInstallation(kind);
  }, 120_000);
  afterAll(() => trine?.dispose());

  it("loses no acknowledged message, and keeps each device's order", async () => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      for (const app of trine.apps) {
        const outcome = await killRound(trine, app, `${app.name}-${round}`);
        expect(outcome.acknowledged, `${app.name} round ${round}: traffic was under way`).toBeGreaterThan(50);
        expect(outcome.lost, `${app.name} round ${round}`).toEqual([]);
        expect(outcome.wrong, `${app.name} round ${round}`).toEqual([]);
      }
    }
  }, 240_000);
});
