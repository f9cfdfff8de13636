import { expect, it } from "vitest";
import { parseDeviceRef } from "../certificate/names.ts";
import { createForgetfulActivation } from "./forgetful-activation.ts";

it("an activated device is forgotten by every memory after the write, so that later logins write nothing", async () => {
  const device = parseDeviceRef("a1b2C3d4E5f", "device_01");
  if (!device) throw new Error("the names are not valid");
  const happened: string[] = [];
  const memory = (name: string) => ({
    evict: (target: object) => happened.push(`${name} forgets ${JSON.stringify(target)}`),
  });
  const { activate } = createForgetfulActivation(
    {
      async activate() {
        happened.push("written");
        return true;
      },
    },
    [memory("one"), memory("other")],
  );
  expect(await activate(device, "iot", 1)).toBe(true);
  const target = JSON.stringify({ device });
  expect(happened).toEqual(["written", `one forgets ${target}`, `other forgets ${target}`]);
});
