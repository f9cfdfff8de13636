import type { AppProcess } from "../../app-process.ts";
import { eventually } from "../../fleet.ts";
import { unexpectedLines } from "../../unexpected-lines.ts";
import type { LiveReport } from "./live-report.ts";
import { type Holding, holdingsOf } from "./process-watch.ts";

/** Time for the gateway to let go of what attackers left open. */
const SETTLE_MS = 60_000;
const SPARE_DESCRIPTORS = 20;

/** Sees that a gateway and its child live on and complain of nothing. */
export interface GatewayWatch {
  /** Reports what they hold now, and what went wrong since the last look. */
  look(): void;
  hasEnded(): boolean;
  /** Waits until they hold as many descriptors as at the beginning, but a few. */
  expectLetGo(): Promise<void>;
}

/** Begins to watch. */
export function watchGateway(app: AppProcess, report: LiveReport): GatewayWatch {
  const before = holdingsOf(app.pid);
  let seenLines = 0;
  let ended = false;

  function look(): void {
    const lines = app.lines().slice(seenLines);
    seenLines += lines.length;
    report.note(unexpectedLines(lines).map((line) => `log: ${line}`));
    try {
      const holdings = holdingsOf(app.pid);
      report.sample(holdings);
      if (pidsOf(holdings) !== pidsOf(before)) report.note([`processes ${pidsOf(before)} are ${pidsOf(holdings)} now`]);
    } catch (error) {
      ended = true;
      report.note([`the gateway has ended: ${String(error)}`]);
    }
  }

  return {
    look,
    hasEnded: () => ended,
    async expectLetGo() {
      const descriptors = async () => holdingsOf(app.pid).map((each) => each.descriptors);
      const isLetGo = (now: readonly number[]) =>
        now.every((each, at) => each <= (before[at]?.descriptors ?? 0) + SPARE_DESCRIPTORS);
      await eventually(descriptors, isLetGo, SETTLE_MS).catch((error: unknown) =>
        report.note([`the gateway does not let go: ${String(error)}`]),
      );
    },
  };
}

function pidsOf(holdings: readonly Holding[]): string {
  return holdings.map(({ pid }) => pid).join();
}
