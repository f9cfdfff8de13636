import { refuse } from "@trine/core/auth";
import type { Downlink } from "@trine/core/messaging";
import { expect, it } from "vitest";
import { describeService } from "../../test/a-fleet.ts";
import { createSqlShadowStore } from "./sql-store.ts";
import type { ShadowStore } from "./store.ts";
import { createShadowTeller } from "./tell-device.ts";
import { createShadowWriter } from "./write-shadow.ts";

const LATER_MS = 60_000;

describeService("devices that are to be told of their shadow", (open) => {
  async function aDevice() {
    const { node, database, addDevice } = open();
    const { device } = await addDevice();
    const { downlink } = node.gateway.operators;
    const { recorder, ports } = node.gateway;
    const clock = { nowMs: () => Date.now(), monotonicMs: () => 0 };
    const store = createSqlShadowStore(database);
    const deps = { store, downlink, recorder, clock };
    const later = { ...clock, nowMs: () => Date.now() + LATER_MS };
    const { change } = createShadowWriter(deps);
    const versions = async () => {
      const found = await ports.mailbox.pending(device, { limit: 100, nowMs: Date.now() });
      return found.map(({ payload }) => (JSON.parse(payload.toString()) as { version: number }).version);
    };
    const told: number[] = [];
    /** The mailbox of a device that takes each message at once. */
    const connected: Pick<Downlink, "send" | "withdraw" | "status"> = {
      ...downlink,
      async send(to, message) {
        const sent = await downlink.send(to, message);
        told.push((JSON.parse(message.payload.toString()) as { version: number }).version);
        if ("messageId" in sent) await ports.mailbox.acknowledge(to, sent.messageId, Date.now());
        return sent;
      },
    };
    return {
      device,
      deps,
      later,
      versions,
      told,
      connected,
      faults: node.gateway.faults,
      recorder,
      desire: (by: Record<string, number>) => change(device, { desired: { is: "patched", by } }, true),
    };
  }

  /** A store to whose next `settle` something comes first. */
  function interrupted(store: ShadowStore, before: () => Promise<unknown>): ShadowStore {
    let isFirst = true;
    return {
      ...store,
      async settle(...given) {
        if (isFirst) {
          isFirst = false;
          await before();
        }
        return store.settle(...given);
      },
    };
  }

  const work = (deps: Parameters<typeof createShadowTeller>[0]) =>
    createShadowTeller(deps).work.run(new AbortController().signal);

  it("are told by another process when the one that wrote has ended, after a while and once", async () => {
    const { deps, later, desire, versions } = await aDevice();
    await desire({ a: 1 });
    await work(deps);
    expect(await versions()).toEqual([]);
    await Promise.all([work({ ...deps, clock: later }), work({ ...deps, clock: later })]);
    expect(await versions()).toEqual([1]);
    await work({ ...deps, clock: later });
    expect(await versions()).toEqual([1]);
  });

  it("are told although their mailbox was out of reach, when it is back", async () => {
    const { deps, device, later, desire, versions, faults, recorder } = await aDevice();
    await desire({ a: 1 });
    faults.down = true;
    await createShadowTeller(deps).tell(device);
    faults.down = false;
    expect(recorder.faults.at(-1)).toMatchObject({ where: "shadow_tell" });
    expect(await versions()).toEqual([]);
    await work({ ...deps, clock: later });
    expect(await versions()).toEqual([1]);
  });

  it("are told once by a process that ended before it noted that", async () => {
    const { deps, device, desire, versions } = await aDevice();
    await desire({ a: 1 });
    const store = interrupted(deps.store, () => Promise.reject(new Error("killed")));
    await createShadowTeller({ ...deps, store }).tell(device);
    await createShadowTeller(deps).tell(device);
    expect(await versions()).toEqual([1]);
  });

  it("hear the newest last when somebody else wrote and told meanwhile, and nothing older waits", async () => {
    const { deps, device, desire, versions, told, connected } = await aDevice();
    await desire({ a: 1 });
    const overtake = async () => {
      await desire({ a: 2 });
      await createShadowTeller({ ...deps, downlink: connected }).tell(device);
    };
    const slow = createShadowTeller({ ...deps, downlink: connected, store: interrupted(deps.store, overtake) });
    await slow.tell(device);
    expect(told).toEqual([1, 2, 2]);
    expect(await versions()).toEqual([]);
  });

  it("hear one message of those that overtook each other while they were away", async () => {
    const { deps, device, desire, versions } = await aDevice();
    await desire({ a: 1 });
    const store = interrupted(deps.store, async () => {
      await desire({ a: 2 });
      await createShadowTeller(deps).tell(device);
    });
    await createShadowTeller({ ...deps, store }).tell(device);
    expect(await versions()).toEqual([2]);
  });

  it("are let be when their mailbox is full, and told when it is not", async () => {
    const { deps, device, later, desire, versions } = await aDevice();
    await desire({ a: 1 });
    const downlink = { ...deps.downlink, send: async () => refuse("mailbox_full", "full") };
    await createShadowTeller({ ...deps, downlink }).tell(device);
    await work({ ...deps, clock: later });
    expect(await versions()).toEqual([1]);
  });
});
