import { query } from "@trine/postgres";
import { sql } from "drizzle-orm";
import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { aModelledDevice } from "../../test/a-modelled-device.ts";
import { createSqlHistory } from "./stores/history.ts";

const DAY_MS = 86_400_000;
const NOW = Date.now();
const at = (value: unknown, msAgo: number) => ({ value, time: NOW - msAgo });
interface Listed {
  items: { value: unknown; time: string }[];
  nextCursor?: string;
}

describeService("the history of devices", (open) => {
  const valuesOf = ({ items }: Listed) => items.map(({ value }) => value);

  it("is none unless the product wants it", async () => {
    const { post, ask } = await aModelledDevice(open());
    await post("event/property/post", { Count: 1 });
    await post("event/overheat/post", { at: 1 });
    const history = { params: { identifier: "Count" } };
    expect(await ask("GET properties/:identifier/history", history)).toEqual({ items: [] });
    expect(await ask("GET events")).toEqual({ items: [] });
  });

  it("has every value of a property, newest first, page by page and between times", async () => {
    const { post, ask } = await aModelledDevice(open(), { historyDays: 7 });
    for (const [index, msAgo] of [5_000, 4_000, 3_000, 2_000, 1_000].entries())
      await post("event/property/post", { Count: at(index, msAgo), Label: at(String(index), msAgo) }, index % 2);
    const list = (queried: object, identifier = "Count") =>
      ask("GET properties/:identifier/history", { params: { identifier }, query: queried }, 1) as Promise<Listed>;
    expect(valuesOf(await list({}))).toEqual([4, 3, 2, 1, 0]);
    expect(valuesOf(await list({}, "Label"))).toEqual(["4", "3", "2", "1", "0"]);
    const first = await list({ limit: 2 });
    expect(valuesOf(first)).toEqual([4, 3]);
    const second = await list({ limit: 2, cursor: first.nextCursor });
    expect(valuesOf(second)).toEqual([2, 1]);
    const third = await list({ limit: 2, cursor: second.nextCursor });
    expect([valuesOf(third), third.nextCursor]).toEqual([[0], undefined]);
    const iso = (msAgo: number) => new Date(NOW - msAgo).toISOString();
    expect(valuesOf(await list({ from: iso(4_000), to: iso(2_000) }))).toEqual([2, 1]);
    await expect(list({ cursor: "nonsense" })).rejects.toThrow("cursor");
  });

  it("has events, all or those of one name", async () => {
    const { post, ask } = await aModelledDevice(open(), { historyDays: 7 });
    for (const msAgo of [3_000, 2_000, 1_000]) await post("event/overheat/post", at({ at: msAgo / 1_000 }, msAgo));
    await post("event/door/post", at({ open: 1 }, 500));
    const list = (queried: object) => ask("GET events", { query: queried }) as Promise<Listed>;
    expect(await list({})).toMatchObject({ items: [{ identifier: "door" }, {}, {}, {}] });
    const first = await list({ identifier: "overheat", limit: 2 });
    expect(valuesOf(first)).toEqual([{ at: 1 }, { at: 2 }]);
    const rest = await list({ identifier: "overheat", limit: 2, cursor: first.nextCursor });
    expect(valuesOf(rest)).toEqual([{ at: 3 }]);
  });

  it("is dropped by the day when its time is over, and hidden before", async () => {
    const { database } = open();
    const { session } = await aModelledDevice(open());
    const history = createSqlHistory(database);
    const old = { session, device: session.device, receivedAtMs: NOW - 500 * DAY_MS, messageId: "1" };
    const value = [{ identifier: "Count", value: 1, atMs: old.receivedAtMs }];
    await history.addValues(old, value, 1);
    await history.addEvents(old, value, 1);
    await history.addValues({ ...old, receivedAtMs: NOW }, value, 1);
    const seen = (nowMs: number) => history.values(session.iotId, "Count", { limit: 10, nowMs });
    expect((await seen(old.receivedAtMs)).items).toHaveLength(2);
    expect((await seen(NOW)).items).toHaveLength(1);
    const stored = () =>
      query<{ count: string }>(database.db, sql`select count(*) from model_history where iot_id = ${session.iotId}`);
    expect(await history.drop(NOW)).toBe(2);
    expect(await history.drop(NOW)).toBe(0);
    expect(Number((await stored())[0]?.count)).toBe(1);
  });

  it("begins on two nodes at once", async () => {
    const stores = [createSqlHistory(open().database), createSqlHistory(open().database)];
    const { session } = await aModelledDevice(open());
    const sender = { session, device: session.device, receivedAtMs: NOW, messageId: "1" };
    await Promise.all(
      stores.map((store, index) => store.addValues(sender, [{ identifier: "Count", value: index, atMs: index }], 300)),
    );
    const { items } = await createSqlHistory(open().database).values(session.iotId, "Count", { limit: 10, nowMs: NOW });
    expect(items.map(({ value }) => value)).toEqual([1, 0]);
  });

  it("of a device that is gone is not that of a new one of its name", async () => {
    const { session, post, ask } = await aModelledDevice(open(), { historyDays: 1 });
    await post("event/property/post", { Count: 1 });
    const { operators, actor } = open().node.gateway;
    await operators.devices.remove(actor, session.device);
    await operators.devices.add(actor, session.device.productKey, { deviceName: session.device.deviceName });
    const history = { params: { identifier: "Count" } };
    expect(await ask("GET properties/:identifier/history", history)).toEqual({ items: [] });
  });
});
