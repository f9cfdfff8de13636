import { type DeviceRef, parseDeviceRef } from "@trine/core/certificate";
import { describe, expect, it } from "vitest";
import { createConnectionTable } from "./connection-table.ts";
import type { DeviceConnection } from "./device-connection.ts";

const aDevice = (productKey: string, deviceName: string) => parseDeviceRef(productKey, deviceName) as DeviceRef;
const LAMP = aDevice("a1b2C3d4E5f", "lamp");
const OTHER = aDevice("a1b2C3d4E5f", "other");
const STRANGER = aDevice("b1b2C3d4E5f", "lamp");

/** Only what the table looks at. */
const aConnection = (device: DeviceRef, { epoch = 5, secretVersion = 1 } = {}) =>
  ({
    session: { device, secretVersion },
    epoch,
    link: { stream: {}, cut: () => undefined },
  }) as unknown as DeviceConnection;

describe("a login whose device is not known yet", () => {
  it("is admitted when nothing happened to the device, and is found from then on", async () => {
    const table = createConnectionTable();
    const login = table.expect(undefined);
    await table.close({ device: OTHER });
    await table.close({ productKey: STRANGER.productKey });
    await table.closeOlder(OTHER, 9);
    table.name(login, LAMP);
    expect(table.admit(login, aConnection(LAMP))).toBe(true);
    expect([...table.held()]).toHaveLength(1);
  });

  it.each([
    ["the device was revoked", (table: ReturnType<typeof createConnectionTable>) => table.close({ device: LAMP })],
    ["its product was", (table) => table.close({ productKey: LAMP.productKey })],
    ["older secrets were", (table) => table.close({ device: LAMP }, { minSecretVersion: 2 })],
    ["it connected again", (table) => table.closeOlder(LAMP, 5)],
  ] as [string, (table: ReturnType<typeof createConnectionTable>) => Promise<number>][])(
    "is not admitted when meanwhile %s, before its name was read or after",
    async (_what, happen) => {
      for (const isEarly of [true, false]) {
        const table = createConnectionTable();
        const login = table.expect(undefined);
        if (isEarly) await happen(table);
        table.name(login, LAMP);
        if (!isEarly) await happen(table);
        expect(table.admit(login, aConnection(LAMP))).toBe(false);
      }
    },
  );

  it("may live under a newer secret, and a newer epoch, than what was ended", async () => {
    const table = createConnectionTable();
    const login = table.expect(undefined);
    await table.close({ device: LAMP }, { minSecretVersion: 2 });
    await table.closeOlder(LAMP, 4);
    table.name(login, LAMP);
    expect(table.admit(login, aConnection(LAMP, { secretVersion: 2 }))).toBe(true);
  });

  it("leaves nothing behind when it is given up, with a name or without", () => {
    const table = createConnectionTable();
    const [nameless, named] = [table.expect(undefined), table.expect(undefined)];
    table.name(named, LAMP);
    for (const login of [nameless, named]) table.giveUp(login);
    expect([...table.held()]).toEqual([]);
    expect(table.admit(table.expect(LAMP), aConnection(LAMP))).toBe(true);
  });
});
