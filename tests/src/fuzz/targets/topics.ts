import { parseDeviceRef } from "@trine/core/certificate";
import {
  filterCovers,
  isSystemTopic,
  mayPublish,
  mayReceive,
  maySubscribe,
  type TopicUser,
} from "@trine/core/messaging";
import type { TopicClass } from "@trine/core/ports";
import { aProduct } from "@trine/testkit/ports";
import { checkTopicClasses } from "../../../../packages/core/src/messaging/topics/check-topic-classes.ts";
import { filtersOverlap } from "../../../../packages/core/src/messaging/topics/filter-covers.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { maybeMutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyText, nameText } from "../texts.ts";

type Names = typeof OWN;

const OWN = { productKey: "a1b2C3d4E5f", deviceName: "device_01" };
const OTHERS: readonly [Names, ...Names[]] = [
  { productKey: "a1b2C3d4E5f", deviceName: "device_02" },
  { productKey: "a1b2C3d4E5f", deviceName: "device_01." },
  { productKey: "A1b2C3d4E5f", deviceName: "device_01" },
  { productKey: "a1RIsMLz2BJ", deviceName: "device_01" },
];
const CLASSES: readonly TopicClass[] = [
  { suffix: "user/update", permission: "pub" },
  { suffix: "user/+/state", permission: "all" },
  { suffix: "user/get/#", permission: "sub" },
  { suffix: "#", permission: "all" },
];
const LEVELS: readonly [string, ...string[]] = [
  "user",
  "update",
  "get",
  "state",
  "thing",
  "event",
  "property",
  "post",
  "service",
  "set",
  "+",
  "#",
  "..",
  ".",
  "",
  "%2f",
  "$share",
  "$SYS",
  "ext",
  "rrpc",
  "ntp",
  "request",
  "sys",
  "ota",
  "device",
  "inform",
  "shadow",
  "broadcast",
];

const user = topicUser();

/** Whatever the topic, a device gets at its own messages only. */
export const topicPolicy = pureTarget<string>({
  name: "topic policy",
  share: 120,
  make: anyTopic,
  check(topic) {
    const published = mayPublish(user, topic);
    if (published || mayReceive(user, topic) || isSystemTopic(user.device, topic)) {
      must(!/[+#\0]/.test(topic), "a topic with a wildcard or NUL was let through");
      must(Buffer.byteLength(topic) <= 256, "a long topic was let through");
      must(namesOwn(topic.split("/")), "a topic of somebody else was let through");
    }
    if (!maySubscribe(user, topic)) return;
    for (const foreign of foreignTopics) must(!filterCovers(topic, foreign), `the filter covers ${foreign}`);
  },
});

/** A filter and a topic, against the definition written as a regular expression. */
export const topicFilters = pureTarget({
  name: "topic filters",
  share: 120,
  make: (random) => ({
    filter: shortTopic(random, true),
    other: shortTopic(random, true),
    topic: shortTopic(random, false),
  }),
  check({ filter, other, topic }) {
    const covered = filterCovers(filter, topic);
    must(covered === (filter === topic || asRegExp(filter).test(topic)), `covers: ${covered}`);
    if (covered && filterCovers(other, topic)) {
      must(filtersOverlap(filter.split("/"), other.split("/")), "two filters that cover a topic do not overlap");
    }
  },
});

/** Topic classes as an operator may give them: what is accepted gives a device nothing of another. */
export const topicClasses = pureTarget<readonly TopicClass[]>({
  name: "topic classes",
  share: 20,
  make: (random) =>
    random.times(random.length(4), () => ({
      suffix: random.once(4)
        ? anyText(random)
        : random.times(random.between(1, 6), () => random.pick(LEVELS)).join("/"),
      permission: random.pick(["pub", "sub", "all"]),
    })),
  check(classes) {
    if (checkTopicClasses(classes)) return;
    const owner: TopicUser = { ...user, product: { ...user.product, topicClasses: classes } };
    for (const foreign of foreignTopics) must(!mayPublish(owner, foreign), `a class lets it publish on ${foreign}`);
    must(
      !mayPublish(owner, `/${OWN.productKey}/${OWN.deviceName}/thing/lifecycle`),
      "a device may speak in the gateway's name",
    );
  },
});

const foreignTopics = OTHERS.flatMap(({ productKey, deviceName }) => [
  `/${productKey}/${deviceName}/user/update`,
  `/${productKey}/${deviceName}/user/get`,
  `/sys/${productKey}/${deviceName}/thing/service/property/set`,
  `/ext/ntp/${productKey}/${deviceName}/response`,
  `/shadow/get/${productKey}/${deviceName}`,
  `/ota/device/upgrade/${productKey}/${deviceName}`,
]);

function topicUser(): TopicUser {
  const device = parseDeviceRef(OWN.productKey, OWN.deviceName);
  if (!device) throw new Error("the names are none");
  return { device, product: aProduct({ productKey: device.productKey, topicClasses: CLASSES }) };
}

/** Its own names one after the other; where applications nest a topic in another, or broadcast to a product, other rules hold. */
function namesOwn(levels: readonly string[]): boolean {
  const at = levels.indexOf(OWN.productKey);
  if (at < 0) return levels[1] === "ext";
  return levels[at + 1] === OWN.deviceName || levels[1] === "broadcast";
}

function anyTopic(random: RandomSource): string {
  const { productKey, deviceName } = random.once(3) ? random.pick(OTHERS) : OWN;
  const prefix = random.pick([
    ["", productKey, deviceName],
    ["", "sys", productKey, deviceName],
    ["", "ext", "ntp", productKey, deviceName],
    ["", "ext", "rrpc", "1"],
    ["", "ota", "device", "inform", productKey, deviceName],
    ["", "shadow", "get", productKey, deviceName],
    ["", "broadcast", productKey],
    [""],
    [],
  ]);
  const rest = random.times(random.length(6), () => (random.once(5) ? anyText(random, 12) : random.pick(LEVELS)));
  const topic = [...prefix, ...rest].join("/");
  return random.once(4) ? maybeMutate(random, Buffer.from(topic)).toString() : topic;
}

function shortTopic(random: RandomSource, isFilter: boolean): string {
  const levels = random.times(random.between(1, 5), () =>
    random.pick(["a", "b", "", isFilter ? "+" : nameText(random, 1, 2)]),
  );
  if (isFilter && random.once(3)) levels.push("#");
  return levels.join("/");
}

function asRegExp(filter: string): RegExp {
  const levels = filter.split("/");
  const hasTail = levels.at(-1) === "#";
  const named = (hasTail ? levels.slice(0, -1) : levels).map((level) =>
    level === "+" ? "[^/]*" : level.replaceAll(/[^\w]/g, "\\$&"),
  );
  if (!hasTail) return new RegExp(`^${named.join("/")}$`, "s");
  return named.length === 0 ? /^/ : new RegExp(`^${named.join("/")}(?:/.*)?$`, "s");
}
