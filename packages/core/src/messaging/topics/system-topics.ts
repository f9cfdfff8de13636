import type { DeviceRef } from "../../certificate/names.ts";
import type { Levels } from "./topic-levels.ts";

/** Who sends on a topic: the device (`up`), the cloud (`down`), both, or nobody (`none`: it may be subscribed to, and stays silent). */
type Way = "up" | "down" | "both" | "none";

/** A row of the table. */
interface SystemTopic {
  /** `{pk}` and `{dn}` are the device's own names, `+` is one level, `~x` one level that is not `x`, a final `#` one or more. */
  readonly pattern: string;
  readonly way: Way;
  /** The topic has an answer, `{topic}_reply`, which goes the other way. */
  readonly replied?: true;
}

const thing = (suffix: string, way: "up" | "down"): SystemTopic => ({
  pattern: `/sys/{pk}/{dn}/${suffix}`,
  way,
  replied: true,
});

/** Every system topic (wire-format 6.2, 6.3, 6.4, 7, 8.4, 8.5). */
const SYSTEM_TOPICS: readonly SystemTopic[] = [
  thing("thing/model/up_raw", "up"),
  thing("thing/model/down_raw", "down"),
  thing("thing/event/+/post", "up"),
  thing("thing/event/property/history/post", "up"),
  thing("thing/event/property/pack/post", "up"),
  thing("thing/event/property/batch/post", "up"),
  thing("thing/property/history/post", "up"),
  thing("thing/property/desired/get", "up"),
  thing("thing/property/desired/delete", "up"),
  // property/set, property/get and services; an SDK turns the dots of a service's name into slashes.
  thing("thing/service/#", "down"),
  thing("thing/deviceinfo/update", "up"),
  thing("thing/deviceinfo/delete", "up"),
  thing("thing/dsltemplate/get", "up"),
  thing("thing/dynamicTsl/get", "up"),
  thing("thing/config/get", "up"),
  thing("thing/config/push", "down"),
  thing("thing/config/log/get", "up"),
  thing("thing/config/log/push", "down"),
  thing("thing/log/post", "up"),
  thing("thing/ota/firmware/get", "up"),
  thing("thing/file/upload/+/init", "up"),
  thing("thing/file/upload/+/send", "up"),
  thing("thing/file/upload/+/cancel", "up"),
  thing("thing/topo/add", "up"),
  thing("thing/topo/delete", "up"),
  thing("thing/topo/get", "up"),
  thing("thing/topo/add/notify", "down"),
  thing("thing/topo/change", "down"),
  thing("thing/sub/register", "up"),
  thing("thing/sub/unregister", "up"),
  thing("thing/proxy/provisioning/product_register", "up"),
  thing("thing/list/found", "up"),
  thing("thing/delete", "down"),
  thing("thing/disable", "down"),
  thing("thing/enable", "down"),
  thing("thing/gateway/permit", "down"),
  thing("_thing/diag/post", "up"),
  { pattern: "/sys/{pk}/{dn}/rrpc/request/+", way: "down" },
  { pattern: "/sys/{pk}/{dn}/rrpc/response/+", way: "up" },
  // Firmware subscribes to more than any list holds (an SDK even to the topics that it answers on): it is let, and hears nothing.
  { pattern: "/sys/{pk}/{dn}/#", way: "none" },
  { pattern: "/ext/session/{pk}/{dn}/combine/login", way: "up", replied: true },
  { pattern: "/ext/session/{pk}/{dn}/combine/logout", way: "up", replied: true },
  { pattern: "/ext/session/{pk}/{dn}/combine/batch_login", way: "up", replied: true },
  { pattern: "/ext/session/{pk}/{dn}/combine/batch_logout", way: "up", replied: true },
  { pattern: "/ext/ntp/{pk}/{dn}/request", way: "up" },
  { pattern: "/ext/ntp/{pk}/{dn}/response", way: "down" },
  // A system topic inside must be the device's own; any other text is the application's affair, routed by device all the same.
  { pattern: "/ext/rrpc/+/sys/{pk}/{dn}/#", way: "both" },
  { pattern: "/ext/rrpc/+/~sys", way: "both" },
  { pattern: "/ext/rrpc/+/~sys/#", way: "both" },
  { pattern: "/ext/error/{pk}/{dn}", way: "down" },
  { pattern: "/ext/register", way: "down" },
  { pattern: "/ext/regnwl", way: "down" },
  { pattern: "/ext/auth/identity/response", way: "down" },
  { pattern: "/shadow/update/{pk}/{dn}", way: "up" },
  { pattern: "/shadow/get/{pk}/{dn}", way: "down" },
  { pattern: "/ota/device/inform/{pk}/{dn}", way: "up" },
  { pattern: "/ota/device/progress/{pk}/{dn}", way: "up" },
  // The answer to a request arrives on the topic of the request.
  { pattern: "/ota/device/request/{pk}/{dn}", way: "both" },
  { pattern: "/ota/device/upgrade/{pk}/{dn}", way: "down" },
  { pattern: "/broadcast/{pk}/#", way: "down" },
];

/**
 * Whether a topic, or what a filter covers, is a system topic of the device.
 *
 * A filter must spell everything up to the device's names (wire-format 2.6): a wildcard there matches no row.
 *
 * @param way only topics that are sent this way; absent: any.
 */
export function isSystemTopicOf(device: DeviceRef, levels: Levels, way?: "up" | "down"): boolean {
  const rows = ROWS.get(levels[1] ?? "");
  if (rows === undefined) return false;
  const answered = withoutReply(levels);
  return rows.some(
    (row) =>
      (!(answered && row.replied) && goes(row.way, way) && meets(row, levels, device)) ||
      (answered !== undefined && row.replied && goes(reversed(row.way), way) && meets(row, answered, device)),
  );
}

interface Row extends SystemTopic {
  readonly cells: Levels;
  /** How many levels a filter must spell: up to the device's names, or else the leading literals. */
  readonly spelled: number;
}

const REPLY = "_reply";

const ROWS: ReadonlyMap<string, readonly Row[]> = groupByFamily(SYSTEM_TOPICS.map(parseRow));

/** Rows by their first word, so that a message is compared with those of its family only. */
function groupByFamily(rows: readonly Row[]): Map<string, Row[]> {
  const families = new Map<string, Row[]>();
  for (const row of rows) {
    const family = row.cells[1] ?? "";
    families.set(family, [...(families.get(family) ?? []), row]);
  }
  return families;
}

function parseRow(topic: SystemTopic): Row {
  const cells = topic.pattern.split("/");
  const names = Math.max(cells.indexOf("{pk}"), cells.indexOf("{dn}"));
  const firstOpen = cells.findIndex((cell) => /^[+#~]/.test(cell));
  const literals = firstOpen < 0 ? cells.length : firstOpen;
  return { ...topic, cells, spelled: names < 0 ? literals : names + 1 };
}

function meets({ cells, spelled }: Row, levels: Levels, device: DeviceRef): boolean {
  for (const [at, cell] of cells.entries()) {
    const level = levels[at];
    if (level === undefined) return false;
    if (cell === "#") return true;
    const isWild = level === "+" || level === "#";
    if (isWild && at < spelled && !(cell === "+" && level === "+")) return false;
    if (level === "#") return true;
    if (!isWild && !cellTakes(cell, level, device)) return false;
  }
  return levels.length === cells.length || (levels.length === cells.length + 1 && levels.at(-1) === "#");
}

function cellTakes(cell: string, level: string, { productKey, deviceName }: DeviceRef): boolean {
  if (cell === "+") return true;
  if (cell === "{pk}") return level === productKey;
  if (cell === "{dn}") return level === deviceName;
  return cell.startsWith("~") ? level !== cell.slice(1) : level === cell;
}

function withoutReply(levels: Levels): Levels | undefined {
  const last = levels.at(-1) ?? "";
  return last.length > REPLY.length && last.endsWith(REPLY)
    ? [...levels.slice(0, -1), last.slice(0, -REPLY.length)]
    : undefined;
}

function reversed(way: Way): Way {
  return way === "up" ? "down" : way === "down" ? "up" : way;
}

function goes(way: Way, wanted: "up" | "down" | undefined): boolean {
  return wanted === undefined || way === wanted || way === "both";
}
