import { setTimeout as wait } from "node:timers/promises";
import { captureHello } from "@trine/testkit/servers";
import { addDevice, makeProduct } from "../../fleet.ts";
import { ADMIN_KEY } from "../../installation.ts";
import { type LogEntry, startConsumer } from "../../traffic/consumer.ts";
import { NOTHING, type Verdict } from "../../traffic/judge.ts";
import { startTraffic, type Traffic } from "../../traffic/traffic.ts";
import { RandomSource } from "../random-source.ts";
import { adminAttacks } from "./admin-attacks.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { disturbances, watchedDevices } from "./bystanders.ts";
import { captureDtls } from "./capture-dtls.ts";
import { channelAttacks } from "./channel-attacks.ts";
import { coapAttacks } from "./coap-attacks.ts";
import { dtlsAttacks } from "./dtls-attacks.ts";
import { httpAttacks } from "./http-attacks.ts";
import { createLiveReport, type LiveReport } from "./live-report.ts";
import { mqttAttacks } from "./mqtt-attacks.ts";
import { slowAttacks } from "./slow-attacks.ts";
import { type LiveGateway, startLive } from "./start-live.ts";
import { type GatewayWatch, watchGateway } from "./watch-gateway.ts";

/** Inputs of one attack that are under way at once. */
const AT_ONCE = 2;
/** Pause of an attacker between two inputs: datagrams would be sent as fast as the loop turns, which leaves nothing to the others. */
const BETWEEN_MS = 4;
const SAMPLE_MS = 5_000;
const PROGRESS_MS = 10_000;
const SLOWEST_MS = 4_000;
const TRANSPORTS = ["mqtt", "http", "coap", "coaps"];
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
 *
 * @param run `betweenMs`: pause of an attacker between two inputs, default 4.
 */
export async function runLive({
  betweenMs = BETWEEN_MS,
  ...run
}: {
  seed: number;
  ms: number;
  betweenMs?: number;
  log: (line: string) => void;
}): Promise<LiveOutcome> {
  const live = await startLive();
  try {
    const report = createLiveReport(run.log);
    const watched = watchedDevices();
    const traffic = await startTraffic({ nodes: [live.node] }, watched.plans, PACE);
    await traffic.flows();
    const watch = watchGateway(live.app, report);
    const productKey = await makeProduct(live.node.api, "hostile");
    const heard = await startConsumer([live.node], { group: "heard", productKey });
    const attacks = await gatherAttacks(live, productKey);
    const sampling = setInterval(() => {
      watch.look();
      report.note(disturbances(traffic.ledgers));
    }, SAMPLE_MS);
    const ticking = setInterval(() => run.log(`${report.progress()}; ${progressOf(traffic)}`), PROGRESS_MS);
    await attackFor(attacks, { ...run, betweenMs, report, isOver: watch.hasEnded });
    clearInterval(sampling);
    clearInterval(ticking);
    if (!watch.hasEnded()) await heard.stop();
    report.note(harmless(heard.read));
    const verdict = watch.hasEnded() ? NOTHING : await lookAfterwards({ watch, traffic, report });
    watch.look();
    if (watched.slowestMs() > SLOWEST_MS) report.note([`an answer took ${Math.round(watched.slowestMs())} ms`]);
    return { faults: report.faults(), growth: report.growth(), table: report.table(verdict, watched.slowestMs()) };
  } finally {
    await live.dispose();
  }
}

function progressOf({ ledgers }: Traffic): string {
  const up = ledgers.flatMap(({ streams }) => streams.map(({ acknowledged }) => acknowledged.size));
  const down = ledgers.map(({ received }) => received.length);
  const sum = (numbers: readonly number[]) => numbers.reduce((all, one) => all + one, 0);
  return `bystanders sent ${sum(up)} messages and got ${sum(down)}`;
}

/** Attackers who come no further than the door say nothing about what is behind it. */
function harmless(heard: readonly LogEntry[]): readonly string[] {
  return TRANSPORTS.filter((transport) => heard.every((entry) => entry.transport !== transport)).map(
    (transport) => `nothing that attackers sent over ${transport} was taken`,
  );
}

/** When attackers have left, all is as it was before them, and nobody else has lost anything. */
async function lookAfterwards(to: { watch: GatewayWatch; traffic: Traffic; report: LiveReport }): Promise<Verdict> {
  const { watch, traffic, report } = to;
  await traffic.flows().catch((error: unknown) => report.note([`bystanders stand still: ${String(error)}`]));
  await watch.expectLetGo();
  report.note(disturbances(traffic.ledgers));
  const verdict = await traffic.finish();
  report.note([...verdict.lost, ...verdict.undelivered, ...verdict.wrong].map((sentence) => `bystanders: ${sentence}`));
  if (verdict.copies + verdict.repeated > 0) report.note(["a bystander's message was stored or came twice"]);
  return verdict;
}

/** Attackers know everything but what would be another's. Each kind has devices of its own: whoever logs in often ends his oldest sessions. */
async function gatherAttacks({ app, node }: LiveGateway, productKey: string): Promise<readonly Attack[]> {
  const { api } = node;
  const { ports } = app;
  const certificate = () => addDevice(api, productKey);
  const open = async (): Promise<Battlefield> => {
    const [first, ...others] = [await certificate(), await certificate(), await certificate()] as const;
    return { ports, devices: [first, ...others], adminKey: ADMIN_KEY };
  };
  const hello = await captureHello();
  const flight = await captureDtls(ports["TRINE_COAPS_PORT"] ?? 0, await certificate());
  return [
    ...mqttAttacks(await open()),
    ...channelAttacks({ ...(await open()), hello }),
    ...slowAttacks({ ...(await open()), hello }),
    ...(await httpAttacks(await open())),
    ...(await coapAttacks(await open())),
    ...(await dtlsAttacks({ ...(await open()), flight })),
    ...adminAttacks(await open()),
  ];
}

/** Of an attack, `input` N is made of the seed, its place in the list, and N. */
async function attackFor(
  attacks: readonly Attack[],
  given: { seed: number; ms: number; betweenMs: number; report: LiveReport; isOver: () => boolean },
): Promise<void> {
  const { seed, ms, betweenMs, report, isOver } = given;
  const until = performance.now() + ms;
  const attackers = attacks.flatMap((attack, at) => {
    const { name, atOnce = AT_ONCE } = attack;
    return Array.from({ length: atOnce }, async (_, turn) => {
      const random = new RandomSource();
      for (let input = turn; performance.now() < until && !isOver(); input += atOnce) {
        random.reseed(seed + at, input);
        await attack.run(random);
        report.count(name, input);
        await wait(betweenMs);
      }
    });
  });
  await Promise.all(attackers);
  for (const { name, close } of attacks)
    await close?.().catch((error: unknown) =>
      report.note([`${name}: the attack had become harmless: ${String(error)}`]),
    );
}
