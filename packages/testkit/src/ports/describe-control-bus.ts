import type { ControlBus, ControlCommand } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { aDeviceRef, aProductKey, atOnce, randomName, upTo } from "./fixtures.ts";

/** Every promise of the port `ControlBus`. */
export function describeControlBus(name: string, make: MakeContract<ControlBus>): void {
  describe(`ControlBus: ${name}`, () => {
    const open = openContract(make);

    it("carries every command to the node that it is for, and the reply back", async () => {
      const { store, second } = open();
      const [here, other] = [randomName(), randomName()];
      const [seen, elsewhere]: ControlCommand[][] = [[], []];
      const listening = await second.listen(here, async (command) => {
        seen?.push(command);
        return { closedSessions: seen?.length ?? 0, delivered: true };
      });
      const notAddressed = await second.listen(other, async (command) => {
        elsewhere?.push(command);
        return { closedSessions: 0 };
      });
      const commands = everyCommand();
      for (const [i, command] of commands.entries()) {
        expect(await store.send(here, command, 5_000)).toEqual({ closedSessions: i + 1, delivered: true });
      }
      expect(seen).toEqual(commands);
      expect(elsewhere).toEqual([]);
      await listening.stop();
      await notAddressed.stop();
    });

    it("sends a reply without `delivered` back without it", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      const listening = await second.listen(nodeId, async () => ({ closedSessions: 3 }));
      expect(await store.send(nodeId, aWake(), 5_000)).toEqual({ closedSessions: 3 });
      await listening.stop();
    });

    it("gives each of 50 simultaneous senders its own reply", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      const listening = await second.listen(nodeId, async (command) => {
        const epoch = command.kind === "close_connection" ? command.epoch : -1;
        await new Promise((resolve) => setImmediate(resolve));
        return { closedSessions: epoch };
      });
      const replies = await atOnce(50, (epoch) =>
        (epoch % 2 ? store : second).send(nodeId, { kind: "close_connection", device: aDeviceRef(), epoch }, 10_000),
      );
      expect(replies.map((reply) => reply?.closedSessions)).toEqual(upTo(50));
      await listening.stop();
    });

    it("answers undefined when nobody listens, without waiting for a reply", async () => {
      const { store } = open();
      const start = performance.now();
      expect(await store.send(randomName(), aWake(), 30_000)).toBeUndefined();
      expect(performance.now() - start).toBeLessThan(5_000);
    });

    it("answers undefined to a node that stopped, without waiting for a reply", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      const listening = await second.listen(nodeId, async () => ({ closedSessions: 0 }));
      await listening.stop();
      const start = performance.now();
      expect(await store.send(nodeId, aWake(), 30_000)).toBeUndefined();
      expect(performance.now() - start).toBeLessThan(5_000);
    });

    it("answers undefined when the reply does not come in time", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      const listening = await second.listen(nodeId, () => new Promise(() => undefined));
      expect(await store.send(nodeId, aWake(), 50)).toBeUndefined();
      await listening.stop();
    });

    it("goes on receiving after a handler failed, and answers its sender undefined", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      let calls = 0;
      const listening = await second.listen(nodeId, async () => {
        calls += 1;
        if (calls === 1) throw new Error("the handler fails");
        return { closedSessions: calls };
      });
      expect(await store.send(nodeId, aWake(), 300)).toBeUndefined();
      expect(await store.send(nodeId, aWake(), 5_000)).toEqual({ closedSessions: 2 });
      await listening.stop();
    });

    it("notifies without waiting, also a node that does not listen", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      const seen: ControlCommand[] = [];
      const listening = await second.listen(nodeId, async (command) => {
        seen.push(command);
        return { closedSessions: 0 };
      });
      const command = aWake();
      await store.notify(nodeId, command);
      await store.notify(randomName(), command);
      await expect.poll(() => seen).toEqual([command]);
      await listening.stop();
    });

    it("receives nothing after it was stopped", async () => {
      const { store, second } = open();
      const nodeId = randomName();
      let calls = 0;
      const listening = await second.listen(nodeId, async () => ({ closedSessions: ++calls }));
      await listening.stop();
      expect(await store.send(nodeId, aWake(), 200)).toBeUndefined();
      expect(calls).toBe(0);
    });

    it("says that it is connected, and that nothing was missed so far", async () => {
      const { second } = open();
      const listening = await second.listen(randomName(), async () => ({ closedSessions: 0 }));
      expect(second.isConnected()).toBe(true);
      expect(second.interruptions()).toBe(0);
      await listening.stop();
    });
  });
}

function aWake(): ControlCommand {
  return { kind: "wake", device: aDeviceRef() };
}

function everyCommand(): ControlCommand[] {
  return [
    { kind: "revoke", target: { device: aDeviceRef() }, close: true },
    { kind: "revoke", target: { productKey: aProductKey() }, close: false },
    { kind: "revoke", target: { device: aDeviceRef() }, close: true, minSecretVersion: 7 },
    { kind: "close_connection", device: aDeviceRef(), epoch: 1_760_000_000_000_001 },
    aWake(),
    { kind: "deliver", device: aDeviceRef(), topic: "/a/空/b", payload: Buffer.from([0, 255]).toString("base64") },
  ];
}
