import { setTimeout as wait } from "node:timers/promises";
import { addDevice, eventually, makeProduct } from "../../fleet.ts";
import { ADMIN_KEY } from "../../installation.ts";
import { startTraffic } from "../../traffic/traffic.ts";
import { unexpectedLines } from "../../unexpected-lines.ts";
import { RandomSource } from "../random-source.ts";
import { adminAttacks } from "./admin-attacks.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { disturbances, watchedDevices } from "./bystanders.ts";
import { captureDtls, captureHello } from "./captured.ts";
import { channelAttacks } from "./channel-attacks.ts";
import { coapAttacks } from "./coap-attacks.ts";
import { dtlsAttacks } from "./dtls-attacks.ts";
import { httpAttacks } from "./http-attacks.ts";
import { createLiveReport, type LiveReport } from "./live-report.ts";
import { mqttAttacks } from "./mqtt-attacks.ts";
import { holdingsOf } from "./process-watch.ts";
import { startLive } from "./start-live.ts";

/** Inputs of one attack that are under way at once. */
const AT_ONCE = 2;
const BETWEEN_MS = 4;
const ATTACKERS = 4;
const SAMPLE_MS = 5_000;
const PROGRESS_MS = 10_000;
/** Time for the gateway to let go of what attackers left open. */
const SETTLE_MS = 60_000;
const SPARE_DESCRIPTORS = 20;
const SLOWEST_MS = 4_000;
const PACE = { upEveryMs: 250, downEveryMs: 1_000 };

/** What a live run showed. */
export interface LiveOutcome {
  /** Empty when everything was as it must be. */
  readonly faults: readonly string[];
  readonly growth: readonly string[];
  readonly table: string;
}

/**
 * Attacks a running gateway on every port for a time, while devices and an application that do nothing wrong talk over it. Inputs are made of
 * the seed; in which order the gateway sees them is up to the network.
 */
export async function runLive(run: { seed: number; ms: number; log: (line: string) => void }): Promise<LiveOutcome> {
  const live = await startLive();
  try {
    const report = createLiveReport();
    const watched = watchedDevices();
    const traffic = await startTraffic({ nodes: [live.node] }, watched.plans, PACE);
    await traffic.flows();
    const before = holdingsOf(live.app.pid);
    const attacks = await gatherAttacks(live.node.api, live.app.ports);
    const sampling = setInterval(() => look(report, live.app.pid), SAMPLE_MS);
    const ticking = setInterval(() => run.log(report.progress()), PROGRESS_MS);
    await attackFor(attacks, { ...run, report });
    clearInterval(sampling);
    clearInterval(ticking);
    await traffic.flows();
    await expectLetGo(before, live.app.pid, report);
    const disturbed = disturbances(traffic.ledgers);
    const verdict = await traffic.finish();
    report.faults.push(
      ...disturbed,
      ...[...verdict.lost, ...verdict.undelivered, ...verdict.wrong].map((sentence) => `bystanders: ${sentence}`),
      ...unexpectedLines(live.app.lines()).map((line) => `log: ${line}`),
    );
    if (verdict.copies + verdict.repeated > 0) report.faults.push("a bystander's message was stored or came twice");
    if (watched.slowestMs() > SLOWEST_MS) report.faults.push(`an answer took ${Math.round(watched.slowestMs())} ms`);
    return { faults: report.faults, growth: report.growth(), table: report.table(verdict, watched.slowestMs()) };
  } finally {
    await live.dispose();
  }
}

/** Attackers know everything but what would be another's: their devices are of a product of their own. */
async function gatherAttacks(api: Battlefield["api"], ports: Battlefield["ports"]): Promise<readonly Attack[]> {
  const productKey = await makeProduct(api, "hostile");
  const first = await addDevice(api, productKey);
  const others = await Promise.all(Array.from({ length: ATTACKERS - 1 }, () => addDevice(api, productKey)));
  const field: Battlefield = { ports, devices: [first, ...others], api, adminKey: ADMIN_KEY };
  const flight = await captureDtls(ports["TRINE_COAPS_PORT"] ?? 0, first);
  return [
    ...mqttAttacks(field),
    ...channelAttacks({ ...field, hello: await captureHello() }),
    ...(await httpAttacks(field)),
    ...(await coapAttacks(field)),
    ...(await dtlsAttacks({ ...field, flight })),
    ...adminAttacks(field),
  ];
}

async function attackFor(
  attacks: readonly Attack[],
  { seed, ms, report }: { seed: number; ms: number; report: LiveReport },
): Promise<void> {
  const until = performance.now() + ms;
  const attackers = attacks.flatMap((attack, at) =>
    Array.from({ length: AT_ONCE }, async (_, turn) => {
      const random = new RandomSource();
      for (let input = turn; performance.now() < until; input += AT_ONCE) {
        random.reseed(seed + at, input);
        await attack.run(random);
        report.count(attack.name);
        // Datagrams would be sent as fast as the loop turns, which leaves nothing to the others.
        await wait(BETWEEN_MS);
      }
    }),
  );
  await Promise.all(attackers);
  for (const attack of attacks) await attack.close?.();
}

function look(report: LiveReport, pid: number): void {
  try {
    report.sample(holdingsOf(pid));
  } catch (error) {
    report.faults.push(`the gateway has ended: ${(error as Error).message}`);
  }
}

/** The same processes, with as many descriptors as before but a few. */
async function expectLetGo(before: ReturnType<typeof holdingsOf>, pid: number, report: LiveReport): Promise<void> {
  const now = await eventually(
    async () => holdingsOf(pid),
    (holdings) =>
      holdings.every(({ descriptors }, at) => descriptors <= (before[at]?.descriptors ?? 0) + SPARE_DESCRIPTORS),
    SETTLE_MS,
  ).catch((error: unknown) => {
    report.faults.push(`the gateway does not let go: ${(error as Error).message}`);
    return holdingsOf(pid);
  });
  const pids = (holdings: ReturnType<typeof holdingsOf>) => holdings.map((each) => each.pid).join();
  if (pids(now) !== pids(before)) report.faults.push(`processes ${pids(before)} are ${pids(now)} now`);
}
