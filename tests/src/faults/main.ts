import { parseArgs } from "node:util";
import { INSTALLATIONS, startInstallation } from "../installation.ts";
import { killRound } from "./kill-round.ts";

// npm run test:faults -- --rounds 20: kills every process of both installations, many times; exit code 1 when a message was lost.
const { values } = parseArgs({ options: { rounds: { type: "string", default: "20" }, only: { type: "string" } } });
const rounds = Number(values.rounds);
let bad = 0;
let acknowledged = 0;

for (const kind of INSTALLATIONS) {
  if (values.only && values.only !== kind) continue;
  const trine = await startInstallation(kind);
  for (let round = 1; round <= rounds; round += 1) {
    for (const app of trine.apps) {
      const outcome = await killRound(trine, app, `${app.name}-${round}`);
      acknowledged += outcome.acknowledged;
      bad += outcome.lost.length + outcome.disordered.length;
      console.log(
        `${kind} round ${round}/${rounds}: killed ${app.name}, ${outcome.acknowledged} acknowledged, ${outcome.lost.length} lost, ` +
          `${outcome.disordered.length} devices out of order`,
      );
    }
  }
  await trine.dispose();
}
console.log(`${acknowledged} acknowledged messages in all, ${bad} lost or out of order`);
process.exit(bad === 0 ? 0 : 1);
