import type { UplinkLog } from "@trine/core/ports";
import { aDeviceRef, anUplink, aProductKey, aReader, atOnce, upTo } from "@trine/testkit/ports";
import { createTestDatabase } from "@trine/testkit/servers";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createSqlUplinkLog, migrate, openPostgres, type SqlDatabase } from "../src/index.ts";
import { uplinkOnce } from "../src/schema/messaging-tables.ts";

describe("ids of messages that may come again, in SQL", () => {
  let one: SqlDatabase;
  let two: SqlDatabase;
  let logs: readonly [UplinkLog, UplinkLog];

  beforeAll(async () => {
    const url = await createTestDatabase();
    const onFault = (error: unknown) => console.error(error);
    [one, two] = [await openPostgres({ url, onFault }), await openPostgres({ url, onFault })];
    await migrate(one);
    logs = [createSqlUplinkLog(one), createSqlUplinkLog(two)];
  });
  afterAll(async () => {
    await one.close();
    await two.close();
  });

  it("let one of two processes through for each message, in whatever order they append them", async () => {
    const productKey = aProductKey();
    const messages = upTo(100).map(() => anUplink(aDeviceRef(productKey)));
    const appendAll = (log: UplinkLog, mine: typeof messages) =>
      atOnce(mine.length, async (i) => {
        const message = mine[i];
        if (message) await log.append(message, { once: true });
      });
    await Promise.all([appendAll(logs[0], messages), appendAll(logs[1], messages.toReversed())]);
    const kept = await aReader(logs[0], { productKey }).drain();
    expect(kept.map(({ messageId }) => messageId).toSorted()).toEqual(
      messages.map(({ messageId }) => messageId).toSorted(),
    );
  });

  it("are forgotten after five minutes, by a trim and by the next append", async () => {
    const message = anUplink(aDeviceRef());
    const [log] = logs;
    await log.append(message, { once: true });
    await log.append(anUplink(aDeviceRef()), { once: true });
    await one.db.update(uplinkOnce).set({ cameAtMs: sql`${uplinkOnce.cameAtMs} - 301000` });
    await log.append(message, { once: true });
    expect(await aReader(log, message).drain()).toHaveLength(2);
    await log.trim({ olderThanMs: 0, maxBytes: Number.MAX_SAFE_INTEGER });
    const left = await one.db.select({ messageId: uplinkOnce.messageId }).from(uplinkOnce);
    expect(left).toEqual([{ messageId: message.messageId }]);
  });
});
