import type { DeviceCertificate } from "@trine/device";
import type { LogEntry } from "./consumer.ts";

/** A status message of a device (wire-format 9.3). */
interface Status {
  readonly status: "online" | "offline";
  readonly atMs: number;
}

/** What is wrong with the status messages of a device that connected, and is gone now. Order is that of `lastTime`, as the vendor tells applications to read them. */
export function judgePresence(
  { productKey, deviceName }: DeviceCertificate,
  read: readonly LogEntry[],
): readonly string[] {
  const topic = `/as/mqtt/status/${productKey}/${deviceName}`;
  const statuses = read.filter((entry) => entry.topic === topic).map(({ text }) => parseStatus(text));
  const inTime = inOrderOfTime(statuses);
  const twice = inTime.filter(({ status }, at) => status === "offline" && inTime[at - 1]?.status !== "online");
  return [
    ...(inTime.at(-1)?.status === "offline" ? [] : [`${deviceName}: the last status is not offline: ${show(inTime)}`]),
    ...(twice.length === 0 ? [] : [`${deviceName}: offline without an online before it: ${show(inTime)}`]),
  ];
}

/** Of two that bear the same millisecond either may have been first: the one that makes sense was. */
function inOrderOfTime(statuses: readonly Status[]): readonly Status[] {
  const left = statuses.toSorted((one, other) => one.atMs - other.atMs);
  const ordered: Status[] = [];
  for (let [next] = left; next; [next] = left) {
    const { atMs } = next;
    const before = ordered.at(-1)?.status ?? "offline";
    const fitting = left.findIndex((each) => each.atMs === atMs && each.status !== before);
    ordered.push(...left.splice(Math.max(fitting, 0), 1));
  }
  return ordered;
}

/** Whether the last thing said of a device is that it went. */
export function isLastOffline({ productKey, deviceName }: DeviceCertificate, read: readonly LogEntry[]): boolean {
  const last = read.findLast(({ topic }) => topic === `/as/mqtt/status/${productKey}/${deviceName}`);
  return last !== undefined && parseStatus(last.text).status === "offline";
}

function parseStatus(text: string): Status {
  const { status, utcLastTime } = JSON.parse(text) as { status: Status["status"]; utcLastTime: string };
  return { status, atMs: Date.parse(utcLastTime) };
}

function show(statuses: readonly Status[]): string {
  return statuses
    .slice(-8)
    .map(({ status, atMs }) => `${status} ${new Date(atMs).toISOString().slice(17, 23)}`)
    .join(", ");
}
