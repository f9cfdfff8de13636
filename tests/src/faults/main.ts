import { parseArgs } from "node:util";
import { INSTALLATIONS, startInstallation } from "../installation.ts";
import type { ManyNodes, NodesRedis } from "../many-nodes.ts";
import { faultRound } from "./fault-round.ts";
import { createFigures } from "./figures.ts";
import { killRound } from "./kill-round.ts";
import { roamingRound } from "./roaming-round.ts";
import type { Scenario } from "./scenario.ts";
import { CLUSTER_SCENARIOS, SCENARIOS } from "./scenarios.ts";
import { onOneRedis, onRedisCluster } from "./starts.ts";

// npm run test:faults -- --rounds 20 [--only NAME]: every fault, many times; exit code 1 when anything was lost or wrong.
const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" }, only: { type: "string" } } });
const rounds = Number(values.rounds);
const ROAMING_MS = 60_000;
const isWanted = (name: string) => values.only === undefined || name.includes(values.only);
const figures = createFigures();

async function strikeAgainAndAgain<R extends NodesRedis>(
  scenarios: readonly Scenario<R>[],
  start: () => Promise<ManyNodes<R>>,
): Promise<void> {
  const wanted = scenarios.filter(({ name }) => isWanted(name));
  if (wanted.length === 0) return;
  const trine = await start();
  for (const scenario of wanted) {
    for (let round = 1; round <= rounds; round += 1) {
      figures.add(scenario.name, await faultRound(scenario, trine), { round, rounds });
    }
  }
  await trine.dispose();
}

await strikeAgainAndAgain(SCENARIOS, onOneRedis);
await strikeAgainAndAgain(CLUSTER_SCENARIOS, onRedisCluster);
if (isWanted("roaming")) {
  const trine = await onOneRedis();
  figures.add("no fault, roaming for 60 s", await roamingRound(trine, ROAMING_MS), { round: 1, rounds: 1 });
  await trine.dispose();
}
for (const kind of INSTALLATIONS) {
  if (!isWanted(kind)) continue;
  const trine = await startInstallation(kind);
  for (let round = 1; round <= rounds; round += 1) {
    for (const app of trine.apps) {
      const verdict = await killRound(trine, app, `${app.name}-${round}`);
      figures.add(`${kind}: ${app.name} killed`, verdict, { round, rounds });
    }
  }
  await trine.dispose();
}
console.log(`\n${figures.table()}`);
process.exit(figures.isClean() ? 0 : 1);
