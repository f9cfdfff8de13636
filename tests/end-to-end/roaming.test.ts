import { afterAll, beforeAll, expect, it } from "vitest";
import { describeVerdict } from "../src/faults/figures.ts";
import { roamingRound } from "../src/faults/roaming-round.ts";
import { onOneRedis } from "../src/faults/starts.ts";
import type { ManyNodes } from "../src/many-nodes.ts";

const FOR_MS = 8_000;

let trine: ManyNodes;

beforeAll(async () => {
  trine = await onOneRedis();
}, 120_000);
afterAll(() => trine?.dispose());

it("a device that moves between three nodes at random loses nothing, and gets nothing twice beyond what QoS 1 allows", async () => {
  const verdict = await roamingRound(trine, FOR_MS);
  const figures = describeVerdict(verdict);
  console.log(`roaming: ${figures}`);
  expect(verdict, figures).toMatchObject({ lost: [], undelivered: [], wrong: [] });
  expect(verdict.acknowledged, "traffic was under way").toBeGreaterThan(100);
}, 120_000);
