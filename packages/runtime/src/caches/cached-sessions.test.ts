import { type DeviceRef, parseDeviceRef } from "@trine/core/certificate";
import type { SessionRecord, SessionStore } from "@trine/core/ports";
import { expect, it } from "vitest";
import { createCachedSessions } from "./cached-sessions.ts";

const one = ref("a1one", "device_1");
const sibling = ref("a1one", "device_2");
const other = ref("a1other", "device_1");

function setUp(maxEntries = 10) {
  const asked: string[] = [];
  const records: Record<string, DeviceRef> = { h1: one, h2: one, h3: sibling, h4: other };
  const sessions = createCachedSessions(
    {
      async find(hash: string) {
        asked.push(hash);
        const device = records[hash];
        return device && ({ device } as unknown as SessionRecord);
      },
    } as unknown as SessionStore,
    { maxEntries, maxAgeMs: 60_000, clock: { nowMs: () => 1, monotonicMs: () => 1 }, isTrusted: () => true },
  );
  const findAll = async () => {
    asked.length = 0;
    for (const hash of Object.keys(records)) await sessions.find(hash);
    return [...asked];
  };
  return { sessions, findAll };
}

it("a remembered session is not asked for again, and an evicted device's sessions are, and no others", async () => {
  const { sessions, findAll } = setUp();
  expect(await findAll()).toEqual(["h1", "h2", "h3", "h4"]);
  expect(await findAll()).toEqual([]);
  sessions.evict({ device: one });
  expect(await findAll()).toEqual(["h1", "h2"]);
  sessions.evict({ productKey: one.productKey });
  expect(await findAll()).toEqual(["h1", "h2", "h3"]);
  sessions.clear();
  expect(await findAll()).toEqual(["h1", "h2", "h3", "h4"]);
});

it("a session that others pushed out and that came back is evicted with its device", async () => {
  const { sessions, findAll } = setUp(2);
  await findAll();
  await sessions.find("h1");
  await sessions.find("h1");
  sessions.evict({ device: one });
  const again = await findAll();
  expect(again).toContain("h1");
});

function ref(productKey: string, deviceName: string): DeviceRef {
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) throw new Error("the names are not valid");
  return device;
}
