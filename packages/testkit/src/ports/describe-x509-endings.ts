import type { DeviceRef } from "@trine/core/certificate";
import type { X509Record, X509Store } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aCertificate, aSerialNumber } from "./a-certificate.ts";
import { atOnce } from "./fixtures.ts";

/** What the port `X509Store` promises about the ends of certificates. */
export function describeX509Endings(
  open: () => { readonly store: X509Store; readonly second: X509Store },
  addDevice: () => Promise<DeviceRef>,
): void {
  describe("the ends of certificates", () => {
    // Each case has a time of its own in the far past, where nothing else ends.
    let lastMs = 1_000_000;
    const aTime = () => {
      lastMs += 1_000_000;
      return lastMs;
    };

    async function add(device: DeviceRef, notAfterMs: number, more: Partial<X509Record> = {}): Promise<string> {
      const seen = { subject: "CN=x", serialNumber: aSerialNumber(), notBeforeMs: 1, notAfterMs };
      const record = aCertificate(device, { seen, firstUsedAtMs: 9, ...more });
      await open().store.insert(record);
      return record.fingerprint;
    }

    async function ending(beforeMs: number, level = 30): Promise<readonly string[]> {
      const listed = await open().second.listEnding({ beforeMs, level }, 100);
      return listed.filter(({ notAfterMs }) => notAfterMs > beforeMs - 1_000).map(({ fingerprint }) => fingerprint);
    }

    it("are listed with the device that they are of", async () => {
      const { store } = open();
      const atMs = aTime();
      const device = await addDevice();
      const fingerprint = await add(device, atMs);
      const listed = await store.listEnding({ beforeMs: atMs + 1, level: 30 }, 100);
      expect(listed).toContainEqual({ fingerprint, device, iotId: expect.any(String), notAfterMs: atMs });
      expect(await ending(atMs)).toEqual([]);
    });

    it("do not matter of one that is revoked, was never used, or is followed by one in use", async () => {
      const atMs = aTime();
      const [one, two, three, four] = [await addDevice(), await addDevice(), await addDevice(), await addDevice()];
      await add(one, atMs, { revokedAtMs: 5, revokedWhy: "lost" });
      await open().store.insert({ ...aCertificate(two), seen: seenUntil(atMs) });
      await add(three, atMs);
      await add(three, 4_000_000_000_000);
      const followed = await add(four, atMs);
      await open().store.insert({ ...aCertificate(four), seen: seenUntil(4_000_000_000_000) });
      expect(await ending(atMs + 1)).toEqual([followed]);
    });

    it("are told once at each level, and not at one that is less urgent than one before", async () => {
      const { store, second } = open();
      const atMs = aTime();
      const fingerprint = await add(await addDevice(), atMs);
      const told = await atOnce(10, (n) => (n % 2 ? store : second).noteEndingTold(fingerprint, 7));
      expect(told.filter(Boolean)).toHaveLength(1);
      expect(await ending(atMs + 1, 30)).toEqual([]);
      expect(await ending(atMs + 1, 7)).toEqual([]);
      expect(await ending(atMs + 1, 1)).toEqual([fingerprint]);
      expect(await store.noteEndingTold(fingerprint, 30)).toBe(false);
      expect(await store.noteEndingTold(fingerprint, 0)).toBe(true);
    });

    it("are counted, each time by itself", async () => {
      const { store } = open();
      const [early, late] = [aTime(), aTime()];
      const before = await store.countEnding([early + 1, late + 1]);
      await add(await addDevice(), early);
      await add(await addDevice(), late);
      const after = await store.countEnding([early + 1, late + 1]);
      expect(after.map((count, at) => count - (before[at] ?? 0))).toEqual([1, 2]);
    });

    it("are forgotten later, with what is known of the certificates", async () => {
      const { store, second } = open();
      const atMs = aTime();
      const [gone, kept] = [await add(await addDevice(), 5), await add(await addDevice(), atMs)];
      expect(await store.forgetEnded(6, 100)).toBe(1);
      expect(await second.find(gone)).toBeUndefined();
      expect(await second.find(kept)).toBeDefined();
    });
  });
}

function seenUntil(notAfterMs: number) {
  return { subject: "CN=x", serialNumber: aSerialNumber(), notBeforeMs: 1, notAfterMs };
}
