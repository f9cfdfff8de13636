import type { DeviceRegistry, NewDevice } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aDevice, aDeviceRef, aProduct, atOnce, upTo } from "./fixtures.ts";

const NOW_MS = 900;
const LATER_MS = 4_000_000_000_000;

/** Secrets in two slots: a part of `describeDeviceRegistry`. */
export function describeRotation(open: () => { store: DeviceRegistry; second: DeviceRegistry }): void {
  async function addOne(): Promise<NewDevice> {
    const { store } = open();
    const product = aProduct();
    await store.insertProduct(product);
    const device = aDevice(product.productKey);
    await store.insertDevices(product.productKey, [device]);
    return device;
  }

  /** A device with a second secret. @returns its version as well. */
  async function addRotating(graceEndsAtMs = LATER_MS) {
    const added = await addOne();
    const begun = await open().store.beginRotation(added.device, {
      sealedSecret: "sealed second",
      graceEndsAtMs,
      nowMs: NOW_MS,
    });
    if (!begun) throw new Error("the device was added");
    return { ...added, ...begun };
  }

  /** Whether the device is among those to be ended, on a list that others are on as well. */
  async function isListed({ device }: Pick<NewDevice, "device">, nowMs: number): Promise<boolean> {
    const listed = await open().store.listEndedRotations(nowMs, 10_000);
    return listed.some((each) => each.device.deviceName === device.deviceName);
  }

  describe("rotation", () => {
    it("gives a device a second secret, beside the first", async () => {
      const { store, second } = open();
      const { device, sealedSecret } = await addOne();
      const before = await store.findCredentials(device);
      expect(before).not.toHaveProperty("next");
      const next = { sealedSecret: "sealed second", graceEndsAtMs: LATER_MS, nowMs: NOW_MS };
      const begun = await second.beginRotation(device, next);
      expect(begun?.secretVersion).toBeGreaterThan(before?.secretVersion ?? Number.POSITIVE_INFINITY);
      expect(await store.findCredentials(device)).toEqual({
        ...before,
        sealedSecret,
        next: {
          sealedSecret: next.sealedSecret,
          graceEndsAtMs: LATER_MS,
          secretVersion: begun?.secretVersion,
        },
      });
    });

    it("replaces a second secret that nobody used, under a newer version", async () => {
      const { store } = open();
      const rotating = await addRotating();
      const { device, iotId } = rotating;
      const next = { sealedSecret: "sealed third", graceEndsAtMs: LATER_MS + 1, nowMs: NOW_MS };
      const again = await store.beginRotation(device, next);
      expect(again?.secretVersion).toBeGreaterThan(rotating.secretVersion);
      expect(await store.endRotation(device, iotId, rotating.secretVersion)).toBe(false);
      expect((await store.findCredentials(device))?.next).toEqual({
        sealedSecret: "sealed third",
        graceEndsAtMs: LATER_MS + 1,
        secretVersion: again?.secretVersion,
      });
    });

    it("that begins after the grace of another makes that one's second secret the first", async () => {
      const { store } = open();
      const { device, secretVersion } = await addRotating(5_000);
      const next = { sealedSecret: "sealed third", graceEndsAtMs: LATER_MS };
      const early = await store.beginRotation(device, { ...next, nowMs: 4_999 });
      expect(early?.firstVersion).toBeLessThan(secretVersion);
      const { device: other, secretVersion: second } = await addRotating(5_000);
      const late = await store.beginRotation(other, { ...next, nowMs: 5_000 });
      expect(late?.firstVersion).toBe(second);
      expect(late?.secretVersion).toBeGreaterThan(second);
      expect(await store.findCredentials(other)).toMatchObject({
        sealedSecret: "sealed second",
        secretVersion: second,
        next: { sealedSecret: "sealed third", secretVersion: late?.secretVersion },
      });
    });

    it("ends with the second secret as the only one", async () => {
      const { store } = open();
      const { device, iotId, secretVersion } = await addRotating();
      expect(await store.endRotation(device, iotId, secretVersion)).toBe(true);
      const credentials = await store.findCredentials(device);
      expect(credentials).toMatchObject({ sealedSecret: "sealed second", secretVersion });
      expect(credentials).not.toHaveProperty("next");
    });

    it("ends for exactly one of 50 simultaneous callers", async () => {
      const { store, second } = open();
      const { device, iotId, secretVersion } = await addRotating();
      const answers = await atOnce(50, (i) => (i % 2 ? store : second).endRotation(device, iotId, secretVersion));
      expect(answers.filter(Boolean)).toHaveLength(1);
    });

    it("gives 20 simultaneous callers 20 versions, and keeps the greatest", async () => {
      const { store, second } = open();
      const { device } = await addOne();
      const begun = await atOnce(20, (i) =>
        (i % 2 ? store : second).beginRotation(device, {
          sealedSecret: `sealed ${i}`,
          graceEndsAtMs: LATER_MS,
          nowMs: NOW_MS,
        }),
      );
      const versions = begun.map((each) => each?.secretVersion ?? 0);
      expect(new Set(versions).size).toBe(20);
      const greatest = Math.max(...versions);
      expect((await store.findCredentials(device))?.next).toMatchObject({
        secretVersion: greatest,
        sealedSecret: `sealed ${versions.indexOf(greatest)}`,
      });
    });

    it("does not begin when the version would be another than the one that the secret is sealed for", async () => {
      const { store, second } = open();
      const { device, secretVersion } = await addRotating();
      const next = { sealedSecret: "sealed third", graceEndsAtMs: LATER_MS, nowMs: NOW_MS };
      expect(await store.beginRotation(device, { ...next, secretVersion })).toBeUndefined();
      expect((await store.findCredentials(device))?.next).toMatchObject({
        secretVersion,
        sealedSecret: "sealed second",
      });
      const answers = await atOnce(20, (i) =>
        (i % 2 ? store : second).beginRotation(device, { ...next, secretVersion: secretVersion + 1 }),
      );
      expect(answers.filter(Boolean)).toEqual([{ secretVersion: secretVersion + 1, firstVersion: secretVersion - 1 }]);
    });

    it("never gives a version twice, over several rotations", async () => {
      const { store } = open();
      const { device, iotId } = await addOne();
      let last = (await store.findCredentials(device))?.secretVersion ?? 0;
      for (const settled of [true, false, true]) {
        const begun = await store.beginRotation(device, {
          sealedSecret: "sealed",
          graceEndsAtMs: LATER_MS,
          nowMs: NOW_MS,
        });
        expect(begun?.secretVersion).toBeGreaterThan(last);
        last = begun?.secretVersion ?? 0;
        expect(await store.endRotation(device, iotId, last)).toBe(true);
        if (settled) await store.settleRotation(device, iotId, last);
      }
    });

    it("does nothing for a device that is gone, or under another iotId", async () => {
      const { store } = open();
      const { device, iotId, secretVersion } = await addRotating();
      expect(await store.endRotation(device, "another", secretVersion)).toBe(false);
      expect(await store.endRotation(aDeviceRef(), iotId, secretVersion)).toBe(false);
      const next = { sealedSecret: "sealed", graceEndsAtMs: LATER_MS, nowMs: NOW_MS };
      expect(await store.beginRotation(aDeviceRef(), next)).toBeUndefined();
      expect((await store.findCredentials(device))?.next?.secretVersion).toBe(secretVersion);
    });

    it("is listed from the end of its grace until it is settled, ended or not", async () => {
      const { store } = open();
      const graceEndsAtMs = Date.now();
      const rotating = await addRotating(graceEndsAtMs);
      const { device, iotId, secretVersion } = rotating;
      expect(await isListed(rotating, graceEndsAtMs - 1)).toBe(false);
      expect(await isListed(rotating, graceEndsAtMs)).toBe(true);
      await store.settleRotation(device, iotId, secretVersion);
      expect(await isListed(rotating, graceEndsAtMs)).toBe(true);
      await store.endRotation(device, iotId, secretVersion);
      expect(await store.listEndedRotations(graceEndsAtMs, 10_000)).toContainEqual({ device, iotId, secretVersion });
      await store.settleRotation(device, iotId, secretVersion);
      expect(await isListed(rotating, graceEndsAtMs)).toBe(false);
    });

    it("is listed once it has ended before its grace, so that nobody forgets to tell the others", async () => {
      const { store } = open();
      const rotating = await addRotating(LATER_MS);
      await store.endRotation(rotating.device, rotating.iotId, rotating.secretVersion);
      expect(await isListed(rotating, Date.now())).toBe(true);
      await store.settleRotation(rotating.device, rotating.iotId, rotating.secretVersion);
      expect(await isListed(rotating, LATER_MS + 1)).toBe(false);
    });

    it("is not settled by a late word about the one before", async () => {
      const { store } = open();
      const { device, iotId, secretVersion } = await addRotating();
      await store.endRotation(device, iotId, secretVersion);
      const again = await store.beginRotation(device, {
        sealedSecret: "sealed third",
        graceEndsAtMs: LATER_MS,
        nowMs: NOW_MS,
      });
      await store.settleRotation(device, iotId, secretVersion);
      expect((await store.findCredentials(device))?.next?.secretVersion).toBe(again?.secretVersion);
    });

    it("exports the newest secret", async () => {
      const { store } = open();
      const { device, secretVersion } = await addRotating();
      expect(await store.listSealedSecrets(device.productKey, { limit: 10 })).toEqual([
        { deviceName: device.deviceName, secretVersion, sealedSecret: "sealed second" },
      ]);
    });

    it("lists at most as many as are asked for", async () => {
      const { store } = open();
      for (const _ of upTo(3)) await addRotating(1_000);
      expect(await store.listEndedRotations(Date.now(), 2)).toHaveLength(2);
    });
  });
}
