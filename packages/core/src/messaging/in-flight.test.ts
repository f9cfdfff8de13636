import { expect, it } from "vitest";
import { aDevice } from "../../test/an-attempt.ts";
import { held } from "../../test/held.ts";
import { createInFlight } from "./in-flight.ts";

const device = aDevice("device_01");
const sibling = aDevice("device_02", device.productKey);

it("is settled when what was under way for the target has ended, well or badly", async () => {
  const inFlight = createInFlight();
  const [one, two] = [held(), held()];
  const works = [
    inFlight.run(device, () => one.promise),
    inFlight.run(device, () => two.promise.then(() => Promise.reject(new Error("failed")))),
  ];
  let settled = false;
  const waiting = inFlight.settled({ device }).then(() => {
    settled = true;
  });
  one.release();
  await works[0];
  expect(settled).toBe(false);
  two.release();
  await expect(works[1]).rejects.toThrow("failed");
  await waiting;
});

it("waits for every device of a product, and for no other one", async () => {
  const inFlight = createInFlight();
  const [mine, others] = [held(), held()];
  const work = inFlight.run(sibling, () => mine.promise);
  const foreign = inFlight.run(aDevice("device_03", "b1b2C3d4E5f"), () => others.promise);
  await inFlight.settled({ device });
  let settled = false;
  const waiting = inFlight.settled({ productKey: device.productKey }).then(() => {
    settled = true;
  });
  await new Promise((done) => setImmediate(done));
  expect(settled).toBe(false);
  mine.release();
  await waiting;
  others.release();
  await Promise.all([work, foreign]);
});
