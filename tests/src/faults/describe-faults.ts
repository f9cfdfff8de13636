import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ManyNodes, NodesRedis } from "../many-nodes.ts";
import { faultRound } from "./fault-round.ts";
import { describeVerdict } from "./figures.ts";
import type { Scenario } from "./scenario.ts";

const ROUNDS = 2;

/** Tests that traffic survives each fault, twice: `npm run test:faults` does the same many times. */
export function describeFaults<R extends NodesRedis>(
  scenarios: readonly Scenario<R>[],
  start: () => Promise<ManyNodes<R>>,
): void {
  describe("three gateways, QoS 1 up and down", () => {
    let trine: ManyNodes<R>;

    beforeAll(async () => {
      trine = await start();
    }, 120_000);
    afterAll(() => trine?.dispose());

    for (const scenario of scenarios) {
      it(`${scenario.name}: nothing is lost, each device's order holds, presence is right`, async () => {
        for (let round = 1; round <= ROUNDS; round += 1) {
          const verdict = await faultRound(scenario, trine);
          const figures = describeVerdict(verdict);
          console.log(`${scenario.name}: ${figures}`);
          expect(verdict, figures).toMatchObject({ lost: [], undelivered: [], wrong: [] });
          expect(verdict.acknowledged, "traffic was under way").toBeGreaterThan(100);
          expect(verdict.accepted, "traffic was under way").toBeGreaterThan(20);
          expect(verdict.expired, "one device was away").toBeGreaterThan(0);
        }
      }, 240_000);
    }
  });
}
