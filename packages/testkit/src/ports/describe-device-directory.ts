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

    it("tells every process where a device is", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      expect(await store.locate(device)).toBeUndefined();
      const { epoch, replaced } = await store.claim(device, { nodeId, connectionId: "c1" });
      expect(replaced).toBeUndefined();
      expect(await second.locate(device)).toEqual({ nodeId, connectionId: "c1", epoch });
    });

    it("lets the newest claim win, and answers whom it replaced", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const [one, two] = [await aNode(), await aNode()];
      const first = await store.claim(device, { nodeId: one, connectionId: "c1" });
      const next = await second.claim(device, { nodeId: two, connectionId: "c2" });
      expect(next.replaced).toEqual({ nodeId: one, connectionId: "c1", epoch: first.epoch });
      expect(next.epoch).toBeGreaterThan(first.epoch);
      expect(await store.locate(device)).toEqual({ nodeId: two, connectionId: "c2", epoch: next.epoch });
    });

    it("gives 100 simultaneous claims different safe epochs, and replaces each but the last exactly once", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      const claims = await atOnce(100, (i) =>
        (i % 2 ? store : second).claim(device, { nodeId, connectionId: `c${i}` }),
      );
      const epochs = claims.map(({ epoch }) => epoch).toSorted((a, b) => a - b);
      expect(new Set(epochs).size).toBe(100);
      expect(epochs.every(Number.isSafeInteger)).toBe(true);
      const replaced = claims.flatMap((claim) => claim.replaced?.epoch ?? []).toSorted((a, b) => a - b);
      expect(replaced).toEqual(epochs.slice(0, -1));
      const last = claims.findIndex(({ epoch }) => epoch === epochs.at(-1));
      expect(await store.locate(device)).toEqual({ nodeId, connectionId: `c${last}`, epoch: epochs.at(-1) });
    });

    it("gives a device up only for its newest epoch, once", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      const old = await store.claim(device, { nodeId, connectionId: "c1" });
      const newest = await store.claim(device, { nodeId, connectionId: "c2" });
      expect(await second.release(device, old.epoch)).toBe(false);
      expect((await store.locate(device))?.connectionId).toBe("c2");
      expect(await second.release(device, newest.epoch)).toBe(true);
      expect(await store.locate(device)).toBeUndefined();
      expect(await store.release(device, newest.epoch)).toBe(false);
      expect(await store.release(aDeviceRef(), 1)).toBe(false);
    });

    it("goes on counting after a device was given up", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      let last = 0;
      for (let round = 0; round < 20; round += 1) {
        const client = round % 2 ? store : second;
        const { epoch, replaced } = await client.claim(device, { nodeId, connectionId: "c" });
        expect(replaced).toBeUndefined();
        expect(epoch).toBeGreaterThan(last);
        last = epoch;
        expect(await client.release(device, epoch)).toBe(true);
      }
    });

    it("does not count a location whose node has no lease, ended it, or let it run out", async () => {
      const { store, second } = open();
      const [never, ended, lapsed] = [`node-${randomName()}`, await aNode(), await aNode(50)];
      await second.endNode(ended);
      await expect.poll(() => store.liveNodes()).not.toContain(lapsed);
      for (const nodeId of [never, ended, lapsed]) {
        const device = aDeviceRef();
        const { epoch } = await store.claim(device, { nodeId, connectionId: "c1" });
        expect(await second.locate(device), nodeId).toBeUndefined();
        const next = await second.claim(device, { nodeId: await aNode(), connectionId: "c2" });
        expect(next.replaced).toBeUndefined();
        expect(next.epoch).toBeGreaterThan(epoch);
      }
    });

    it("counts a location again when its node renews the lease", async () => {
      const { store, second } = open();
      const device = aDeviceRef();
      const nodeId = await aNode();
      await store.claim(device, { nodeId, connectionId: "c1" });
      await store.endNode(nodeId);
      expect(await second.locate(device)).toBeUndefined();
      await store.renewNode(nodeId, LEASE_MS);
      expect((await second.locate(device))?.nodeId).toBe(nodeId);
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
  });
}
