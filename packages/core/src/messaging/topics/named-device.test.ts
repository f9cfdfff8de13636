import { expect, it } from "vitest";
import { namedDevice } from "./named-device.ts";

const NAMES = "a1SubPk00001/sub_01";

it.each([
  `/sys/${NAMES}/thing/event/property/post`,
  `/${NAMES}/user/update`,
  `/ext/ntp/${NAMES}/request`,
  `/ext/session/${NAMES}/combine/login`,
  `/ext/rrpc/77/sys/${NAMES}/thing/service/x`,
  `/shadow/update/${NAMES}`,
  `/ota/device/inform/${NAMES}`,
  `/sys/${NAMES}/#`,
])("%s is found to be the device's", (topic) => {
  expect(namedDevice(topic)).toEqual({ productKey: "a1SubPk00001", deviceName: "sub_01" });
});

it.each([
  "/sys/+/+/thing",
  "/ext/rrpc/77/some/thing",
  "/ext/register",
  "/a",
  "",
  "/sys/a1/x/y",
  "/ext/constructor/a1b2/name",
])("%j is found to be no device's", (topic) => {
  expect(namedDevice(topic)).toBeUndefined();
});
