import type { DeviceRef } from "@trine/core/certificate";
import type { DeviceDirectory } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDeviceRef, atOnce, randomName } from "./fixtures.ts";

const LEASE_MS = 60_000;

/** Every promise of the port `DeviceDirectory`. */
export function describeDeviceDirectory(name: string, make: MakeContract<DeviceDirectory>): void {
  describe(`DeviceDirectory: ${name}`, () => {
    const open = openContract(make);

    async function aNode(leaseMs = LEASE_MS): Promise<string> {
      const nodeId = `node-${randomName()}`;
      await open().store.renewNode(nodeId, leaseMs);
      return nodeId;
    }

    /** A device that a node holds; what `release` takes. */
    async function aHeld(nodeId: string) {
      const device = aDeviceRef();
      const connectionId = `c-${randomName()}`;
      const { epoch } = await open().store.claim(device, { nodeId, connectionId, about: "" });
      return { device, location: { nodeId, connectionId, epoch, about: "" } };
    }

    it("tells every process where a device is, and what its node said about it", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      expect(await store.locate(device)).toBeUndefined();
      const { epoch, replaced } = await store.claim(device, { nodeId, connectionId: "c1", about: '{"peer":"::1"}' });
      expect(replaced).toBeUndefined();
      expect(await second.locate(device)).toEqual({ nodeId, connectionId: "c1", epoch, about: '{"peer":"::1"}' });
    });

    it("lets the newest claim win, and answers whom it replaced", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const [one, two] = [await aNode(), await aNode()];
      const first = await store.claim(device, { nodeId: one, connectionId: "c1", about: "1" });
      const next = await second.claim(device, { nodeId: two, connectionId: "c2", about: "2" });
      expect(next.replaced).toEqual({ nodeId: one, connectionId: "c1", epoch: first.epoch, about: "1" });
      expect(next.epoch).toBeGreaterThan(first.epoch);
      expect(await store.locate(device)).toEqual({ nodeId: two, connectionId: "c2", epoch: next.epoch, about: "2" });
    });

    it("gives 100 simultaneous claims different safe epochs, and replaces each but the last exactly once", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      const claims = await atOnce(100, (i) =>
        (i % 2 ? store : second).claim(device, { nodeId, connectionId: `c${i}`, about: "" }),
      );
      const epochs = claims.map(({ epoch }) => epoch).toSorted((a, b) => a - b);
      expect(new Set(epochs).size).toBe(100);
      expect(epochs.every(Number.isSafeInteger)).toBe(true);
      const replaced = claims.flatMap((claim) => claim.replaced?.epoch ?? []).toSorted((a, b) => a - b);
      expect(replaced).toEqual(epochs.slice(0, -1));
      const last = claims.findIndex(({ epoch }) => epoch === epochs.at(-1));
      expect(await store.locate(device)).toMatchObject({ nodeId, connectionId: `c${last}`, epoch: epochs.at(-1) });
    });

    it("tells where a device was before, when it is claimed from another place, whichever process claims it", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      const claim = (client: DeviceDirectory, place: string) =>
        client.claim(device, { nodeId, connectionId: "c", about: "", place });
      const places = ["192.0.2.0/24 a.b", "2001:db8:0:1::/64 a.b%c", "192.0.2.0/24 a.b"];
      expect((await claim(store, places[0] ?? "")).trail).toMatchObject([{ place: places[0] }]);
      expect((await claim(second, places[0] ?? "")).trail).toBeUndefined();
      await claim(second, places[1] ?? "");
      const { epoch, trail = [] } = await claim(store, places[2] ?? "");
      expect(trail.map(({ place }) => place)).toEqual(places);
      for (const { atMs } of trail) expect(Math.abs(atMs - epoch / 1_000)).toBeLessThan(60_000);
      // Who gives it up for a moment does not wipe its traces away.
      await store.release(device, { nodeId, connectionId: "c", epoch });
      expect((await claim(second, "elsewhere x")).trail).toHaveLength(4);
    });

    it("keeps a bounded number of places, the last ones, and none that nobody names", async () => {
      const { store } = open();
      const device = aDeviceRef();
      const holder = { nodeId: await aNode(), connectionId: "c", about: "" };
      for (let i = 0; i < 30; i += 1) await store.claim(device, { ...holder, place: `net-${i} x` });
      const { trail = [] } = await store.claim(device, { ...holder, place: "last x" });
      expect(trail.map(({ place }) => place)).toEqual([
        ...Array.from({ length: 11 }, (_, i) => `net-${19 + i} x`),
        "last x",
      ]);
      expect(await store.claim(device, holder)).not.toHaveProperty("trail");
    });

    it("while a device is contested, claims that yield leave it to who holds it from elsewhere", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      const here = { nodeId, connectionId: "here", about: "", place: "here x" };
      const there = { nodeId, connectionId: "there", about: "", place: "there x" };
      expect(await store.claimUnlessContested(device, there)).toMatchObject({ epoch: expect.any(Number) });
      const { epoch } = await store.claim(device, here);
      await second.contest(device, LEASE_MS);
      expect(await second.claimUnlessContested(device, there)).toBeUndefined();
      expect(await store.locate(device)).toMatchObject({ connectionId: "here", epoch });
      expect(await store.claimUnlessContested(device, { ...here, connectionId: "again" })).toBeDefined();
      expect(await second.claim(device, there)).toMatchObject({ replaced: { connectionId: "again" } });
    });

    it("a contested device that nobody holds may be claimed from anywhere, and a contest ends", async () => {
      const { store } = open();
      const [device, other] = [aDeviceRef(), aDeviceRef()];
      const nodeId = await aNode();
      const from = (place: string) => ({ nodeId, connectionId: place, about: "", place });
      const { epoch } = await store.claim(device, from("here"));
      await store.contest(device, LEASE_MS);
      await store.release(device, { nodeId, connectionId: "here", epoch });
      expect(await store.claimUnlessContested(device, from("there"))).toBeDefined();
      await store.claim(other, from("here"));
      await store.contest(other, 20);
      await expect.poll(() => store.claimUnlessContested(other, from("there")), { interval: 40 }).toBeDefined();
    });

    it("gives a device up only for its newest location, once", async () => {
      const { store, second } = open();
      const nodeId = await aNode();
      const { device, location: old } = await aHeld(nodeId);
      const newest = { nodeId, connectionId: "c2", about: "" };
      const { epoch } = await store.claim(device, newest);
      expect(await second.release(device, old)).toBe(false);
      expect((await store.locate(device))?.connectionId).toBe("c2");
      expect(await second.release(device, { ...newest, epoch })).toBe(true);
      expect(await store.locate(device)).toBeUndefined();
      expect(await store.release(device, { ...newest, epoch })).toBe(false);
      expect(await store.release(aDeviceRef(), { ...newest, epoch: 1 })).toBe(false);
    });

    it("goes on counting after a device was given up", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const holder = { nodeId: await aNode(), connectionId: "c", about: "" };
      let last = 0;
      for (let round = 0; round < 20; round += 1) {
        const client = round % 2 ? store : second;
        const { epoch, replaced } = await client.claim(device, holder);
        expect(replaced).toBeUndefined();
        expect(epoch).toBeGreaterThan(last);
        last = epoch;
        expect(await client.release(device, { ...holder, epoch })).toBe(true);
      }
    });

    it("sends hints to the node of the connection and to those that watch, each once", async () => {
      const { store, second } = open();
      const [holder, watcher, both] = [await aNode(), await aNode(), await aNode()];
      const { device, location } = await aHeld(both);
      expect(await second.reach(device)).toEqual([both]);
      await store.watch(device, watcher, LEASE_MS);
      await store.watch(device, both, LEASE_MS);
      expect((await second.reach(device)).toSorted()).toEqual([both, watcher].toSorted());
      await store.release(device, location);
      await store.claim(device, { nodeId: holder, connectionId: "c9", about: "" });
      expect((await second.reach(device)).toSorted()).toEqual([both, holder, watcher].toSorted());
      expect(await store.reach(aDeviceRef())).toEqual([]);
    });

    it("sends no hints to a node whose watch has ended, and a shorter watch does not end a longer one", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      await store.watch(device, "short", 30);
      await store.watch(device, "long", LEASE_MS);
      await store.watch(device, "long", 1);
      await expect.poll(() => second.reach(device)).toEqual(["long"]);
    });

    it("lists the nodes whose lease lives, renewed ones for as long as they were renewed", async () => {
      const { store, second } = open();
      const [kept, short, ended] = [await aNode(50), await aNode(50), await aNode()];
      await store.renewNode(kept, LEASE_MS);
      await store.endNode(ended);
      await expect.poll(() => second.liveNodes()).not.toContain(short);
      const live = await second.liveNodes();
      expect(live).toContain(kept);
      expect(live).not.toContain(ended);
      expect(new Set(live).size).toBe(live.length);
    });

    describe("a node without a lease", () => {
      /** What is left behind, of the given devices: other tests of this server may leave something as well. */
      async function abandonedOf(caller: string, devices: readonly DeviceRef[], store = open().store) {
        const names = new Set(devices.map(({ deviceName }) => deviceName));
        const found = await store.abandoned(caller, 1_000);
        return found.filter(({ device }) => names.has(device.deviceName));
      }

      it.each([
        ["has let it run out", 20],
        ["has ended it", LEASE_MS],
      ] as const)("leaves its devices behind when it %s", async (_, leaseMs) => {
        const { store } = open();
        const [dies, lives] = [await aNode(leaseMs), await aNode()];
        const [left, kept] = [await aHeld(dies), await aHeld(lives)];
        const devices = [left.device, kept.device];
        if (leaseMs === LEASE_MS) await store.endNode(dies);
        const caller = `caller-${randomName()}`;
        await expect.poll(() => abandonedOf(caller, devices)).toEqual([left]);
        expect(await store.release(left.device, left.location)).toBe(true);
        expect(await abandonedOf(caller, devices)).toEqual([]);
        expect(await store.locate(kept.device)).toEqual(kept.location);
      });

      it("leaves nothing behind that was claimed elsewhere or given up", async () => {
        const { store, second } = open();
        const [dies, lives] = [await aNode(), await aNode()];
        const [moved, gone, left] = [await aHeld(dies), await aHeld(dies), await aHeld(dies)];
        await second.claim(moved.device, { nodeId: lives, connectionId: "elsewhere", about: "" });
        await store.release(gone.device, gone.location);
        await store.endNode(dies);
        const found = await abandonedOf(`caller-${randomName()}`, [moved.device, gone.device, left.device]);
        expect(found).toEqual([left]);
      });

      it("has its devices named again until they are given up, at most so many at once", async () => {
        const { store } = open();
        const dies = await aNode();
        const held = await Promise.all([aHeld(dies), aHeld(dies), aHeld(dies)]);
        await store.endNode(dies);
        const caller = `caller-${randomName()}`;
        const seen = new Set<string>();
        while (seen.size < held.length) {
          const found = await store.abandoned(caller, 2);
          expect(found.length).toBeLessThanOrEqual(2);
          expect(found.length).toBeGreaterThan(0);
          for (const { device, location } of found) {
            seen.add(device.deviceName);
            await store.release(device, location);
          }
        }
        expect(
          await abandonedOf(
            caller,
            held.map(({ device }) => device),
          ),
        ).toEqual([]);
      });

      it("keeps its devices when it renews the lease in time", async () => {
        const { store } = open();
        const nodeId = await aNode(LEASE_MS);
        const { device, location } = await aHeld(nodeId);
        await store.endNode(nodeId);
        await store.renewNode(nodeId, LEASE_MS);
        expect(await abandonedOf(`caller-${randomName()}`, [device])).toEqual([]);
        expect(await store.locate(device)).toEqual(location);
      });
    });
  });
}

/** Only where several processes share the directory: one caller at a time sweeps a dead node. */
export function describeSharedDeviceDirectory(name: string, make: MakeContract<DeviceDirectory>): void {
  describe(`DeviceDirectory shared by processes: ${name}`, () => {
    const open = openContract(make);

    it("gives the devices of a dead node to one caller at a time", async () => {
      const { store, second } = open();
      const nodeId = `node-${randomName()}`;
      await store.renewNode(nodeId, LEASE_MS);
      const device = aDeviceRef();
      await store.claim(device, { nodeId, connectionId: "c1", about: "" });
      await store.endNode(nodeId);
      const isNamed = async (of: DeviceDirectory, caller: string) =>
        (await of.abandoned(caller, 1_000)).some((each) => each.device.deviceName === device.deviceName);
      expect(await isNamed(store, "one")).toBe(true);
      expect(await isNamed(second, "two")).toBe(false);
      expect(await isNamed(store, "one")).toBe(true);
    });
  });
}
