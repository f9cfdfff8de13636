import type { LogEntry } from "./consumer.ts";
import type { Ledger, Leg, Reception, Stream } from "./ledger.ts";

/** What traffic showed. Everything that is a list of sentences has to be empty. */
export interface Verdict {
  /** Messages that a device was told are stored. */
  readonly acknowledged: number;
  /** Acknowledged messages that no consumer read. */
  readonly lost: readonly string[];
  /** Second copies in the log. */
  readonly copies: number;
  /** Messages to devices that the REST API accepted. */
  readonly accepted: number;
  readonly delivered: number;
  /** Accepted, never received, and shown as expired. */
  readonly expired: number;
  /** Accepted, never received, and not shown as expired. */
  readonly undelivered: readonly string[];
  /** Messages that a device got again. */
  readonly repeated: number;
  /** What no delivery at least once explains: other orders, more copies than were sent, a second copy of what was surely acknowledged. */
  readonly wrong: readonly string[];
}

/** Compares what devices and application were promised with what the consumer and the devices got. `states` are those of accepted messages, by id. */
export function judge(
  ledgers: readonly Ledger[],
  read: readonly LogEntry[],
  states: ReadonlyMap<string, string>,
): Verdict {
  const verdicts = ledgers.map((ledger) => {
    const { deviceName } = ledger.certificate;
    const own = read.filter((entry) => entry.deviceName === deviceName && entry.topic.endsWith("/user/update"));
    const ups = ledger.streams.map((stream) => judgeStream(deviceName, stream, own));
    return [...ups, judgeDownlink(ledger, states)];
  });
  return verdicts.flat().reduce(add, NOTHING);
}

/** Of traffic that did not take place. */
export const NOTHING: Verdict = {
  acknowledged: 0,
  lost: [],
  copies: 0,
  accepted: 0,
  delivered: 0,
  expired: 0,
  undelivered: [],
  repeated: 0,
  wrong: [],
};

/** Adds up two verdicts. */
export function add(one: Verdict, other: Verdict): Verdict {
  return {
    acknowledged: one.acknowledged + other.acknowledged,
    lost: [...one.lost, ...other.lost],
    copies: one.copies + other.copies,
    accepted: one.accepted + other.accepted,
    delivered: one.delivered + other.delivered,
    expired: one.expired + other.expired,
    undelivered: [...one.undelivered, ...other.undelivered],
    repeated: one.repeated + other.repeated,
    wrong: [...one.wrong, ...other.wrong],
  };
}

function judgeStream(deviceName: string, { name, attempts, acknowledged }: Stream, own: readonly LogEntry[]): Verdict {
  const who = `${deviceName} over ${name}`;
  const numbers = own.filter(({ transport }) => transport === name).map(({ text }) => Number(text));
  const copies = countBy(numbers);
  return {
    ...NOTHING,
    acknowledged: acknowledged.size,
    lost: [...acknowledged].filter((number) => !copies.has(number)).map((number) => `${who}: ${number}`),
    copies: numbers.length - copies.size,
    wrong: [
      ...disorders(numbers).map((number) => `${who}: ${number} was stored after a later one`),
      ...[...copies]
        .filter(([number, count]) => count > (attempts.get(number) ?? 0))
        .map(
          ([number, count]) => `${who}: ${number} was sent ${attempts.get(number) ?? 0} times, stored ${count} times`,
        ),
    ],
  };
}

function judgeDownlink(
  { certificate, accepted, received, complaints }: Ledger,
  states: ReadonlyMap<string, string>,
): Verdict {
  const who = `to ${certificate.deviceName}`;
  const numbers = received.map(({ number }) => number);
  const got = new Set(numbers);
  const missing = accepted.filter(({ number }) => !got.has(number));
  const expired = missing.filter(({ messageId }) => states.get(messageId) === "expired");
  return {
    ...NOTHING,
    accepted: accepted.length,
    delivered: accepted.length - missing.length,
    expired: expired.length,
    undelivered: missing
      .filter((each) => !expired.includes(each))
      .map(({ number, messageId }) => `${who}: ${number} is ${states.get(messageId)}, last on ${lastLeg(received)}`),
    repeated: numbers.length - got.size,
    wrong: [
      ...complaints,
      ...disorders(numbers).map((number) => `${who}: ${number} came after a later one`),
      ...unexplained(received).map((sentence) => `${who}: ${sentence}`),
      ...accepted
        .filter(({ number, messageId }) => got.has(number) && states.get(messageId) !== "delivered")
        .map(({ number, messageId }) => `${who}: ${number} was delivered and is shown as ${states.get(messageId)}`),
    ],
  };
}

/** Numbers that came for the first time after a higher one. */
function disorders(numbers: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  let highest = 0;
  const wrong: number[] = [];
  for (const number of numbers) {
    if (seen.has(number)) continue;
    seen.add(number);
    if (number < highest) wrong.push(number);
    highest = Math.max(highest, number);
  }
  return wrong;
}

/**
 * A message may come again only where the login that it came on before was cut, so that its acknowledgement may have been cut with it, or to a
 * login that was left without a word and had taken it before that.
 */
function unexplained(received: readonly Reception[]): readonly string[] {
  return received.flatMap(({ number, leg: now }, at) => {
    const before = received.slice(0, at).filter((earlier) => earlier.number === number);
    const surely = before.find(({ leg }) => leg === now || (leg.end === "closed" && now.beganAt > (leg.endedAt ?? 0)));
    return surely ? [`${number} came on ${show(now)}, and before on ${show(surely.leg)}`] : [];
  });
}

function lastLeg(received: readonly Reception[]): string {
  const last = received.at(-1);
  return last ? show(last.leg) : "none";
}

function show({ way, node, end }: Leg): string {
  return `${way} at ${node} (${end ?? "open"})`;
}

function countBy(numbers: readonly number[]): ReadonlyMap<number, number> {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return counts;
}
