import { describe, expect, it } from "vitest";
import { aDevice } from "../../../test/an-attempt.ts";
import type { DeviceSeen, PresenceChange } from "../../ports/device-registry.ts";
import { createPresenceWriter } from "./presence-writer.ts";

function aWriter() {
  const written: (readonly PresenceChange[])[] = [];
  const signs: (readonly DeviceSeen[])[] = [];
  const state = { down: false };
  const writer = createPresenceWriter({
    async savePresence(changes) {
      if (state.down) throw new Error("down");
      written.push(changes);
    },
    async saveSeen(seen) {
      if (state.down) throw new Error("down");
      signs.push(seen);
    },
  });
  const facts = () => written.flat().map(({ device, epoch, online }) => [device.deviceName, epoch, online]);
  return { writer, written, signs, state, facts };
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

describe("signs of life", () => {
  const sign = (atMs: number, deviceName = "device_01"): DeviceSeen => {
    const { device, iotId, peer, transport } = change(1, true, deviceName);
    return { device, iotId, atMs, peer, transport };
  };

  it("are written once a minute of each device, however often they come", async () => {
    const { writer, signs } = aWriter();
    for (let atMs = 0; atMs <= 60_000; atMs += 1_000) {
      writer.noteSeen(sign(atMs));
      await writer.flush();
    }
    writer.noteSeen(sign(60_001, "device_02"));
    await writer.flush();
    expect(signs.flat()).toEqual([sign(0), sign(60_000), sign(60_001, "device_02")]);
  });

  it("are kept when they cannot be written", async () => {
    const { writer, signs, state } = aWriter();
    writer.noteSeen(sign(5));
    state.down = true;
    await expect(writer.flush()).rejects.toThrow("down");
    state.down = false;
    await writer.flush();
    expect(signs).toEqual([[sign(5)]]);
  });

  it("are written a thousand at a time, and again after a clock was set back", async () => {
    const { writer, signs } = aWriter();
    for (let n = 0; n < 2_500; n += 1) writer.noteSeen(sign(1e9, `device_${n}`));
    await writer.flush();
    expect(signs.map((batch) => batch.length)).toEqual([1_000, 1_000, 500]);
    writer.noteSeen(sign(1_000, "device_7"));
    await writer.flush();
    expect(signs.at(-1)).toEqual([sign(1_000, "device_7")]);
  });
});
