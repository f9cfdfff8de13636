import { describe, expect, it } from "vitest";
import { aDevice } from "../../test/an-attempt.ts";
import type { PresenceChange } from "../ports/device-registry.ts";
import { createPresenceWriter } from "./presence-writer.ts";

function aWriter() {
  const written: (readonly PresenceChange[])[] = [];
  const state = { down: false };
  const writer = createPresenceWriter({
    async savePresence(changes) {
      if (state.down) throw new Error("down");
      written.push(changes);
    },
  });
  const facts = () => written.flat().map(({ device, epoch, online }) => [device.deviceName, epoch, online]);
  return { writer, written, state, facts };
}

function change(epoch: number, online: boolean, deviceName = "device_01"): PresenceChange {
  const device = aDevice(deviceName);
  return { device, iotId: "iot", epoch, online, atMs: epoch, peer: "192.0.2.1", transport: "radio" };
}

describe("presence", () => {
  it("is written as the newest coming and the newest going of each device, in their order", async () => {
    const { writer, facts } = aWriter();
    for (const epoch of [1, 2, 3]) for (const online of [true, false]) writer.note(change(epoch, online));
    writer.note(change(4, true));
    writer.note(change(9, true, "device_02"));
    await writer.flush();
    expect(facts()).toEqual([
      ["device_01", 3, false],
      ["device_01", 4, true],
      ["device_02", 9, true],
    ]);
  });

  it("shows a connection that came and went between two writes", async () => {
    const { writer, facts } = aWriter();
    writer.note(change(5, true));
    writer.note(change(5, false));
    await writer.flush();
    expect(facts()).toEqual([
      ["device_01", 5, true],
      ["device_01", 5, false],
    ]);
  });

  it("is not undone by an older change that comes late", async () => {
    const { writer, facts } = aWriter();
    writer.note(change(7, true));
    writer.note(change(6, true));
    await writer.flush();
    expect(facts()).toEqual([["device_01", 7, true]]);
  });

  it("is written once", async () => {
    const { writer, written } = aWriter();
    writer.note(change(1, true));
    await writer.flush();
    await writer.flush();
    expect(written).toHaveLength(1);
  });

  it("is kept when the registry is down, and written later unless something newer came", async () => {
    const { writer, state, facts } = aWriter();
    state.down = true;
    writer.note(change(1, true));
    writer.note(change(1, true, "device_02"));
    const failing = writer.flush();
    writer.note(change(2, true));
    await expect(failing).rejects.toThrow("down");
    state.down = false;
    await writer.flush();
    expect(facts().toSorted()).toEqual([
      ["device_01", 2, true],
      ["device_02", 1, true],
    ]);
  });

  it("of many devices is written a thousand at a time", async () => {
    const { writer, written } = aWriter();
    for (let at = 0; at < 2_500; at += 1) writer.note(change(1, true, `device_${at}`));
    await writer.flush();
    expect(written.map((changes) => changes.length)).toEqual([1_000, 1_000, 500]);
  });
});
