import type { UplinkLog } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDeviceRef, anUplink, atOnce, upTo } from "./fixtures.ts";
import { aReader, textsOf } from "./uplink-reader.ts";

/** Messages that may come again: `append` of `UplinkLog` with `once`. */
export function describeUplinkOnce(open: () => { store: UplinkLog; second: UplinkLog }): void {
  describe("a message that may come again", () => {
    it("is appended once, and every append of it is acknowledged, in another process too", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const message = anUplink(device);
      for (const log of [store, store, second]) await log.append(message, { once: true });
      await second.append(anUplink(device), { once: true });
      const items = await aReader(store, device).drain();
      expect(items.map(({ messageId }) => messageId)).toHaveLength(2);
      expect(items[0]).toMatchObject({ messageId: message.messageId });
    });

    it("is appended once by 40 simultaneous appends, among others", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const messages = upTo(4).map((i) => anUplink(device, { payload: Buffer.from(`${i}`) }));
      await atOnce(40, async (i) => {
        const message = messages[i % messages.length];
        if (message) await (i % 3 ? store : second).append(message, { once: true });
        await store.append(anUplink(device, { payload: Buffer.from("other") }));
      });
      const texts = textsOf(await aReader(store, device).drain());
      expect(texts.filter((text) => text !== "other").toSorted()).toEqual(["0", "1", "2", "3"]);
      expect(texts).toHaveLength(44);
    });

    it("keeps its place: what the device sent after it stays behind it", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const first = anUplink(device, { payload: Buffer.from("1") });
      await store.append(first, { once: true });
      await store.append(anUplink(device, { payload: Buffer.from("2") }));
      await second.append(first, { once: true });
      await second.append(anUplink(device, { payload: Buffer.from("3") }), { once: true });
      expect(textsOf(await aReader(store, device).drain())).toEqual(["1", "2", "3"]);
    });
  });
}
