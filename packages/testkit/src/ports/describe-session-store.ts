import type { SessionStore } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aSession, aTokenHash } from "./a-session.ts";
import { type MakeContract, openContract } from "./contract.ts";
import { describeSequences } from "./describe-sequences.ts";
import { aDeviceRef, aProductKey, atOnce, upTo } from "./fixtures.ts";

/** Every promise of the port `SessionStore`. */
export function describeSessionStore(name: string, make: MakeContract<SessionStore>): void {
  describe(`SessionStore: ${name}`, () => {
    const open = openContract(make);
    describeSequences(open);

    it("gives a session back as it was saved, to another process too", async () => {
      const { store, second } = open();
      const [plain, sealed] = [
        aSession(),
        aSession({ policyVersion: 3, sealing: { random: "8fe3c8d50e10a1b2", seqOffset: 7 } }),
      ];
      const certified = aSession({
        secretVersion: 2 ** 31 - 1,
        x509: { fingerprint: "ab".repeat(32), x509Version: 3, notAfterMs: 4_000_000_000_000 },
      });
      for (const session of [plain, sealed, certified]) {
        const hash = aTokenHash();
        await store.save(hash, session, 5);
        expect(await second.find(hash)).toEqual(session);
      }
    });

    it("answers undefined for a token that nobody has", async () => {
      const { store } = open();
      expect(await store.find(aTokenHash())).toBeUndefined();
    });

    it("still knows a session for a while after it expired", async () => {
      const { store } = open();
      const hash = aTokenHash();
      const expired = aSession({ createdAtMs: Date.now() - 60_000, expiresAtMs: Date.now() - 1_000 });
      await store.save(hash, expired, 5);
      expect(await store.find(hash)).toEqual(expired);
    });

    it("drops the oldest sessions of a device beyond its maximum, and nobody else's", async () => {
      const { store } = open();
      const [device, other] = [aDeviceRef(), aDeviceRef()];
      const hashes = upTo(5).map(aTokenHash);
      const others = aTokenHash();
      await store.save(others, aSession({ device: other }), 3);
      for (const [i, hash] of hashes.entries()) {
        await store.save(hash, aSession({ device, createdAtMs: Date.now() + i }), 3);
      }
      const kept = await Promise.all(hashes.map(async (hash) => (await store.find(hash)) !== undefined));
      expect(kept).toEqual([false, false, true, true, true]);
      expect(await store.find(others)).toBeDefined();
    });

    it("keeps the maximum when 20 sessions of a device are saved at once", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const hashes = upTo(20).map(aTokenHash);
      await Promise.all(hashes.map((hash, i) => (i % 2 ? store : second).save(hash, aSession({ device }), 5)));
      const found = await Promise.all(hashes.map((hash) => store.find(hash)));
      expect(found.filter(Boolean)).toHaveLength(5);
      expect(await store.revokeDevice(device)).toBe(5);
    });

    it("removes every session of a device and of no other, and tells how many lived", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const neighbour = aDeviceRef(device.productKey, `${device.deviceName}2`);
      const [one, two, expired, other] = [aTokenHash(), aTokenHash(), aTokenHash(), aTokenHash()];
      await store.save(one, aSession({ device }), 10);
      await second.save(two, aSession({ device }), 10);
      await store.save(expired, aSession({ device, expiresAtMs: Date.now() - 1_000 }), 10);
      await store.save(other, aSession({ device: neighbour }), 10);
      expect(await second.revokeDevice(device)).toBe(2);
      for (const hash of [one, two, expired]) expect(await store.find(hash)).toBeUndefined();
      expect(await store.find(other)).toBeDefined();
      expect(await store.revokeDevice(device)).toBe(0);
      expect(await store.revokeDevice(aDeviceRef(aProductKey()))).toBe(0);
    });

    it("removes only the sessions that were made under an older secret, when asked so", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const hashes = upTo(4).map(aTokenHash);
      for (const [i, hash] of hashes.entries()) await store.save(hash, aSession({ device, secretVersion: 1 + i }), 10);
      expect(await store.revokeDevice(device, { minSecretVersion: 3 })).toBe(2);
      const kept = await Promise.all(hashes.map(async (hash) => (await store.find(hash)) !== undefined));
      expect(kept).toEqual([false, false, true, true]);
      expect(await store.revokeDevice(device, { minSecretVersion: 3 })).toBe(0);
      expect(await store.revokeDevice(device)).toBe(2);
    });

    it("leaves no session behind when saving and revoking race, or counts it later", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const hashes = upTo(30).map(aTokenHash);
      const [counted] = await Promise.all([
        second.revokeDevice(device),
        ...hashes.map((hash) => store.save(hash, aSession({ device }), 100)),
      ]);
      const left = (await Promise.all(hashes.map((hash) => store.find(hash)))).filter(Boolean).length;
      expect(left + counted).toBe(30);
      expect(await store.revokeDevice(device)).toBe(left);
      expect((await atOnce(30, (i) => store.find(hashes[i] ?? ""))).filter(Boolean)).toEqual([]);
    });
  });
}
