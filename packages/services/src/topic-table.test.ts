import { parseDeviceRef } from "@trine/core/certificate";
import { describe, expect, it } from "vitest";
import { createTopicTable } from "./topic-table.ts";

const device = parseDeviceRef("a1b2C3d4E5f", "device_01");
if (!device) throw new Error("the names are none");
const OWN = "a1b2C3d4E5f/device_01";

const table = createTopicTable([
  ["/sys/{pk}/{dn}/thing/event/property/post", "properties"],
  ["/sys/{pk}/{dn}/thing/event/+/post", "event"],
  ["/shadow/update/{pk}/{dn}", "shadow"],
  ["/ext/rrpc/+/#", "rrpc"],
]);

describe("a table of topics", () => {
  it.each([
    [`/sys/${OWN}/thing/event/property/post`, "properties", []],
    [`/sys/${OWN}/thing/event/alarm/post`, "event", ["alarm"]],
    [`/shadow/update/${OWN}`, "shadow", []],
    [`/ext/rrpc/17/${OWN}/user/ask`, "rrpc", ["17", "{pk}/{dn}/user/ask"]],
  ])("finds who serves %s: %s", (topic, handler, open) => {
    expect(table.find(device, topic)).toEqual({ handler, open });
  });

  it.each([
    `/${OWN}/user/update`,
    `/sys/${OWN}/thing/event/alarm/post_reply`,
    `/sys/${OWN}/thing/event/post`,
    "/sys/a1b2C3d4E5f/device_011/thing/event/property/post",
    "/sys/a1b2C3d4E5f/device_02/thing/event/property/post",
    `/shadow/update/${OWN}/more`,
    "/ext/rrpc/17",
    "",
    "/",
  ])("finds nobody for %j", (topic) => {
    expect(table.find(device, topic)).toBeUndefined();
  });

  it("has a topic once", () => {
    expect(() =>
      createTopicTable([
        ["/ext/register", 1],
        ["/ext/register", 2],
      ]),
    ).toThrow("two services");
  });
});
