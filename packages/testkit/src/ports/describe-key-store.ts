import type { KeyRecords, KeyRotation, KeyStore } from "@trine/core/ports";
import { beforeEach, describe, expect, it } from "vitest";
import type { Contract } from "./contract.ts";
import { atOnce, randomName } from "./fixtures.ts";

const LEASE_MS = 60_000;

/** Every promise of the port `KeyStore`. `make` opens one that is empty, for each case. */
export function describeKeyStore(name: string, make: () => Promise<Contract<KeyStore>>): void {
  describe(`KeyStore: ${name}`, () => {
    let store: KeyStore;
    let second: KeyStore;

    beforeEach(async () => {
      const opened = await make();
      store = opened.store;
      second = opened.second ?? opened.store;
      return () => opened.dispose();
    });

    it("has no records before the first process came", async () => {
      expect(await store.load()).toBeUndefined();
      expect(await store.claim("worker", LEASE_MS)).toBeUndefined();
      expect(await store.beginRotation(aDataKey(), aRotation())).toBe(false);
    });

    it("takes the first records of exactly one of 10 processes, and gives them to all", async () => {
      const offered = Array.from({ length: 10 }, () => records());
      const answers = await atOnce(10, (i) => (i % 2 ? store : second).found(offered[i] ?? records()));
      expect(answers.filter(Boolean)).toHaveLength(1);
      const mine = offered[answers.indexOf(true)];
      expect(await store.load()).toEqual(mine);
      expect(await second.load()).toEqual(mine);
    });

    it("knows data keys and a rotation from the start, when they come with the first records", async () => {
      const dataKey = aDataKey();
      const full = { ...records(), dataKeys: [dataKey], activeDataKey: dataKey.id, rotation: aRotation(dataKey.id) };
      await store.found(full);
      expect(await second.load()).toEqual(full);
    });

    it("adds a master key once, and takes a retired one up again as a new one", async () => {
      await store.found(records());
      const key = { id: "newer", check: "check", addedAtMs: 9 };
      await store.addMasterKey(key);
      await second.addMasterKey({ ...key, check: "other", addedAtMs: 10 });
      expect((await store.load())?.masterKeys).toContainEqual(key);
      await store.claim("worker", LEASE_MS);
      await store.save("worker", LEASE_MS, { retired: { ids: ["newer"], atMs: 77 } });
      expect((await second.load())?.masterKeys).toContainEqual({ ...key, retiredAtMs: 77 });
      await second.addMasterKey({ ...key, check: "again", addedAtMs: 99 });
      expect((await store.load())?.masterKeys).toContainEqual({ id: "newer", check: "again", addedAtMs: 99 });
    });

    it("begins one rotation of 10, with its data key, and the next when that is finished", async () => {
      await store.found(records());
      const keys = Array.from({ length: 10 }, aDataKey);
      const answers = await atOnce(10, (i) => {
        const key = keys[i] ?? aDataKey();
        return (i % 2 ? store : second).beginRotation(key, aRotation(key.id));
      });
      expect(answers.filter(Boolean)).toHaveLength(1);
      const begun = keys[answers.indexOf(true)];
      const loaded = await store.load();
      expect(loaded?.dataKeys).toEqual([begun]);
      expect(loaded?.rotation?.dataKey).toBe(begun?.id);
      expect(loaded).not.toHaveProperty("activeDataKey");

      await store.claim("worker", LEASE_MS);
      await store.save("worker", LEASE_MS, { rotation: { ...aRotation(begun?.id), phase: "done", finishedAtMs: 5 } });
      expect(await second.beginRotation(aDataKey(), aRotation())).toBe(true);
    });

    it("gives the work to one worker until its lease is over", async () => {
      await store.found(records());
      const claims = await atOnce(10, (i) => (i % 2 ? store : second).claim(`worker ${i}`, LEASE_MS));
      expect(claims.filter(Boolean)).toHaveLength(1);
      const holder = `worker ${claims.findIndex(Boolean)}`;
      expect(await second.claim(holder, 1)).toMatchObject({ primary: "master" });
      await expect.poll(() => second.claim("another", LEASE_MS)).toBeDefined();
      expect(await store.save(holder, LEASE_MS, { primary: "stolen" })).toBe(false);
      expect((await store.load())?.primary).toBe("master");
    });

    it("writes everything of a step, or nothing", async () => {
      await store.found(records());
      const [old, other] = [aDataKey(), aDataKey()];
      await store.beginRotation(old, aRotation(old.id));
      await store.claim("worker", LEASE_MS);
      const rotation: KeyRotation = { ...aRotation(old.id), phase: "sealing", done: 7, waitingFor: ["node"] };
      const rewrapped = { ...old, wrappedBy: "newer", wrapped: "again" };
      const change = { primary: "newer", activeDataKey: old.id, rotation, dataKeys: [rewrapped, other] };
      expect(await store.save("worker", LEASE_MS, change)).toBe(true);
      expect(await second.load()).toMatchObject({ primary: "newer", activeDataKey: old.id, rotation });
      expect(new Set((await second.load())?.dataKeys)).toEqual(new Set([rewrapped, other]));
    });

    it("takes the work away from its worker when a rotation begins, so that no step of the last one comes after it", async () => {
      await store.found(records());
      await store.claim("worker", LEASE_MS);
      const key = aDataKey();
      await second.beginRotation(key, aRotation(key.id));
      expect(await store.save("worker", LEASE_MS, { rotation: aRotation("old") })).toBe(false);
      expect((await store.load())?.rotation?.dataKey).toBe(key.id);
    });
  });
}

function records(): KeyRecords {
  const installationId = randomName();
  return {
    installationId,
    primary: "master",
    masterKeys: [{ id: "master", check: `check of ${installationId}`, addedAtMs: 1 }],
    dataKeys: [],
  };
}

function aDataKey() {
  return { id: randomName(), wrappedBy: "master", wrapped: randomName(), createdAtMs: 3 };
}

function aRotation(dataKey = randomName()): KeyRotation {
  const pass = { startedAtMs: 4, place: "devices", stale: 0, broken: 0 };
  return { dataKey, phase: "announced", startedAtMs: 4, waitingFor: [], total: 0, done: 0, resealed: 0, pass };
}
