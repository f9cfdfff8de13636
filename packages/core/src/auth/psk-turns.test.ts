import { expect, it } from "vitest";
import { createPskTurns } from "./psk-turns.ts";

const [first, second] = [Buffer.from("first"), Buffer.from("second")];
const device = { productKey: "a1b2C3d4E5f", deviceName: "device_01" } as never;
const HERE = "192.0.2.1";
const ELSEWHERE = "192.0.2.2";

const turns = () =>
  createPskTurns({
    find: async (identity) =>
      identity === "none"
        ? undefined
        : {
            device,
            keys: [
              { key: first, secretVersion: 1 },
              { key: second, secretVersion: 2 },
            ],
          },
  });

it("an identity with two keys tries the other one after a failure", async () => {
  const { find } = turns();
  expect(await find("none", HERE)).toBeUndefined();
  const tried = await find("some", HERE);
  expect(tried?.key).toBe(first);
  expect((await find("some", HERE))?.key).toBe(first);
  tried?.passTurn();
  expect((await find("some", HERE))?.proof.secretVersion).toBe(2);
  (await find("some", HERE))?.passTurn();
  expect((await find("some", HERE))?.proof.secretVersion).toBe(1);
});

it("a key that worked comes first the next time, though its turn was passed", async () => {
  const { find } = turns();
  (await find("some", HERE))?.passTurn();
  const tried = await find("some", HERE);
  tried?.passTurn();
  tried?.keepTurn();
  expect((await find("some", HERE))?.key).toBe(second);
});

it("a failure elsewhere changes no turn here", async () => {
  const { find } = turns();
  (await find("some", ELSEWHERE))?.passTurn();
  expect((await find("some", HERE))?.key).toBe(first);
});

it("a key proves the device that it is of, and its version of the secret", async () => {
  expect((await turns().find("some", HERE))?.proof).toEqual({ kind: "psk", device, secretVersion: 1 });
});
