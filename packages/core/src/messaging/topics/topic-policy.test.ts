import { describe, expect, it } from "vitest";
import { aDevice } from "../../../test/an-attempt.ts";
import { ALL_DOWN, ALL_UP, BOTH } from "../../../test/system-topic-table.ts";
import type { TopicClass } from "../../ports/device-registry.ts";
import { DEFAULT_TOPIC_CLASSES } from "./default-topic-classes.ts";
import { isSystemTopic, mayPublish, mayReceive, maySubscribe, sharesOwn, type TopicUser } from "./topic-policy.ts";

const PK = "a1b2C3d4E5f";
const DN = "device_01";
const OWN: Readonly<Record<string, string>> = { pk: PK, dn: DN };
const OTHER: Readonly<Record<string, string>> = { pk: PK, dn: "device_02" };
const ABROAD: Readonly<Record<string, string>> = { pk: "a1other", dn: DN };

const user = aUser(DEFAULT_TOPIC_CLASSES);

describe("system topics that devices send on", () => {
  it.each(ALL_UP)("%s: published, not received", (topic) => {
    expect(verdict(user, fill(topic, OWN))).toEqual({ publish: true, receive: false, implicit: false });
  });
});

describe("system topics that the cloud sends on", () => {
  it.each([...ALL_DOWN, "/ext/register", "/ext/regnwl", "/ext/auth/identity/response", "/broadcast/{pk}/news"])(
    "%s: received without asking, not published",
    (topic) => {
      expect(verdict(user, fill(topic, OWN))).toEqual({ publish: false, receive: true, implicit: true });
    },
  );
});

describe("system topics of both", () => {
  it.each(BOTH)("%s: published and received", (topic) => {
    expect(verdict(user, fill(topic, OWN))).toEqual({ publish: true, receive: true, implicit: true });
  });
});

describe("system topics of another device", () => {
  const named = [...ALL_UP, ...ALL_DOWN, ...BOTH.slice(0, 2)];

  it.each(named)("%s: nothing is allowed, whether a sibling's or another product's", (topic) => {
    for (const foreign of [OTHER, ABROAD]) {
      expect(verdict(user, fill(topic, foreign))).toEqual({ publish: false, receive: false, implicit: false });
      expect(maySubscribe(user, fill(topic, foreign))).toBe(false);
    }
  });
});

describe("subscriptions to system topics", () => {
  it.each([...ALL_UP, ...ALL_DOWN, ...BOTH])("%s is granted", (topic) => {
    expect(maySubscribe(user, fill(topic, OWN))).toBe(true);
  });

  it.each([
    // The 16 that the Node SDK sends at every connect, gateway topics included.
    "/sys/{pk}/{dn}/thing/event/property/post_reply",
    "/sys/{pk}/{dn}/thing/service/property/set",
    "/sys/{pk}/{dn}/thing/event/+/post_reply",
    "/sys/{pk}/{dn}/thing/deviceinfo/update_reply",
    "/sys/{pk}/{dn}/thing/deviceinfo/delete_reply",
    "/sys/{pk}/{dn}/thing/config/get_reply",
    "/shadow/get/{pk}/{dn}",
    "/sys/{pk}/{dn}/thing/config/push",
    "/sys/{pk}/{dn}/thing/config/push_reply",
    "/sys/{pk}/{dn}/thing/topo/add_reply",
    "/sys/{pk}/{dn}/thing/topo/delete_reply",
    "/sys/{pk}/{dn}/thing/topo/get_reply",
    "/ext/session/{pk}/{dn}/combine/login_reply",
    "/ext/session/{pk}/{dn}/combine/logout_reply",
    "/sys/{pk}/{dn}/thing/sub/register_reply",
    "/sys/{pk}/{dn}/rrpc/request/+",
    // C SDK v3.
    "/sys/{pk}/{dn}/thing/service/#",
    "/sys/{pk}/{dn}/#",
    "/ext/rrpc/+/user/get",
    "/ext/rrpc/+/#",
    "/ext/rrpc/+/sys/{pk}/{dn}/thing/service/+",
    "/broadcast/{pk}/#",
    "/ext/ntp/{pk}/{dn}/+",
    "/sys/{pk}/{dn}/thing/awss/enrollee/match",
  ])("%s is granted", (filter) => {
    expect(maySubscribe(user, fill(filter, OWN))).toBe(true);
  });

  it.each([
    "/sys/+/+/thing/service/property/set",
    "/sys/{pk}/+/thing/service/property/set",
    "/sys/+/{dn}/thing/service/property/set",
    "/sys/{pk}/#",
    "/sys/#",
    "/+/{pk}/{dn}/thing/service/property/set",
    "/#",
    "#",
    "+",
    "+/+",
    "/shadow/get/+/+",
    "/shadow/#",
    "/ext/ntp/+/{dn}/response",
    "/ext/rrpc/+/sys/+/+/thing/service/+",
    "/ext/#",
    "/broadcast/#",
    "/broadcast/+/news",
    "/+/+/user/get",
    "/{pk}/+/user/get",
    "/{pk}/#",
    "/+/{dn}/user/get",
    "$share/group/{pk}/{dn}/user/get",
    "$share/group//{pk}/{dn}/user/get",
    "$SYS/#",
    "{pk}/{dn}/user/get",
    "",
    "/",
    "/{pk}/{dn}/user/ge+",
    "/{pk}/{dn}/#/get",
    "/{pk}/{dn}/user#",
    "/{pk}/{dn}//get",
    "/{pk}/{dn}/user/get\0",
    "/unknown/{pk}/{dn}",
  ])("%j is refused", (filter) => {
    expect(maySubscribe(user, fill(filter, OWN))).toBe(false);
  });
});

describe("custom topics", () => {
  it.each([
    ["user/update", { publish: true, receive: false }],
    ["user/update/error", { publish: true, receive: false }],
    ["user/get", { publish: false, receive: true }],
    ["update", { publish: true, receive: false }],
    ["update/error", { publish: true, receive: false }],
    ["get", { publish: false, receive: true }],
    ["user/other", { publish: false, receive: false }],
    ["user/update/", { publish: false, receive: false }],
    ["user/+", { publish: false, receive: false }],
    ["user/#", { publish: false, receive: false }],
  ])("of a new product: %s %o", (suffix, expected) => {
    expect(verdict(user, `/${PK}/${DN}/${suffix}`)).toEqual({ ...expected, implicit: false });
  });

  it("follow the permission of their class", () => {
    const one = aUser([
      { suffix: "a", permission: "pub" },
      { suffix: "b", permission: "sub" },
      { suffix: "c", permission: "all" },
    ]);
    expect(["a", "b", "c"].map((suffix) => mayPublish(one, `/${PK}/${DN}/${suffix}`))).toEqual([true, false, true]);
    expect(["a", "b", "c"].map((suffix) => maySubscribe(one, `/${PK}/${DN}/${suffix}`))).toEqual([false, true, true]);
    expect(["a", "b", "c"].map((suffix) => sharesOwn(one, `/${PK}/${DN}/${suffix}`))).toEqual([false, false, true]);
  });

  it("may be covered by wildcards of a class", () => {
    const one = aUser([
      { suffix: "room/+/state", permission: "all" },
      { suffix: "log/#", permission: "pub" },
    ]);
    expect(mayPublish(one, `/${PK}/${DN}/room/kitchen/state`)).toBe(true);
    expect(mayPublish(one, `/${PK}/${DN}/room/kitchen`)).toBe(false);
    expect(mayPublish(one, `/${PK}/${DN}/log/a/b`)).toBe(true);
    expect(sharesOwn(one, `/${PK}/${DN}/room/kitchen/state`)).toBe(true);
    expect(sharesOwn(one, `/${PK}/${DN}/log/a`)).toBe(false);
  });

  it("may be subscribed to by wildcards that meet a class which may be heard", () => {
    expect(maySubscribe(user, `/${PK}/${DN}/#`)).toBe(true);
    expect(maySubscribe(user, `/${PK}/${DN}/user/+`)).toBe(true);
    expect(maySubscribe(user, `/${PK}/${DN}/user/update/+`)).toBe(false);
    expect(maySubscribe(aUser([{ suffix: "user/update", permission: "pub" }]), `/${PK}/${DN}/#`)).toBe(false);
  });

  it("of another device are nobody's but its own", () => {
    for (const { pk, dn } of [OTHER, ABROAD]) {
      for (const { suffix } of DEFAULT_TOPIC_CLASSES) {
        const topic = `/${pk}/${dn}/${suffix}`;
        expect(verdict(user, topic)).toEqual({ publish: false, receive: false, implicit: false });
        expect(maySubscribe(user, topic)).toBe(false);
        expect(sharesOwn(user, topic)).toBe(false);
      }
    }
  });

  it("are at most 128 bytes and 7 slashes long", () => {
    const one = aUser([{ suffix: "#", permission: "all" }]);
    const head = `/${PK}/${DN}/`;
    const fits = head + "x".repeat(128 - head.length);
    expect(mayPublish(one, fits)).toBe(true);
    expect(mayPublish(one, `${fits}x`)).toBe(false);
    expect(maySubscribe(one, `${fits}x`)).toBe(false);
    expect(mayPublish(one, `${head}1/2/3/4/5`)).toBe(true);
    expect(mayPublish(one, `${head}1/2/3/4/5/6`)).toBe(false);
    expect(mayPublish(one, `${head}${"é".repeat(60)}`)).toBe(false);
  });

  it("do not reach where the gateway announces, whatever the classes say", () => {
    const one = aUser([
      { suffix: "#", permission: "all" },
      { suffix: "thing/lifecycle", permission: "all" },
    ]);
    expect(verdict(one, `/${PK}/${DN}/thing/lifecycle`)).toEqual({ publish: false, receive: false, implicit: false });
  });
});

it("a topic of more than 256 bytes is nobody's", () => {
  expect(mayPublish(user, `/ext/rrpc/1/${"x".repeat(244)}`)).toBe(true);
  expect(mayPublish(user, `/ext/rrpc/1/${"x".repeat(245)}`)).toBe(false);
});

it("a device whose name ends in _reply has the same topics as every other", () => {
  const odd = { ...user, device: aDevice("device_reply", PK) };
  expect(mayReceive(odd, `/shadow/get/${PK}/device_reply`)).toBe(true);
  expect(mayPublish(odd, `/shadow/get/${PK}/device_reply`)).toBe(false);
  expect(mayPublish(odd, `/shadow/update/${PK}/device_reply`)).toBe(true);
});

function aUser(topicClasses: readonly TopicClass[]): TopicUser {
  const device = aDevice(DN, PK);
  return { device, product: { productKey: device.productKey, nodeType: "device", policy: {}, topicClasses } };
}

function verdict(of: TopicUser, topic: string) {
  return {
    publish: mayPublish(of, topic),
    receive: mayReceive(of, topic),
    implicit: isSystemTopic(of.device, topic),
  };
}

function fill(pattern: string, names: Readonly<Record<string, string>>): string {
  return pattern.replace(/\{(pk|dn)\}/g, (_, name: string) => names[name] ?? "");
}
