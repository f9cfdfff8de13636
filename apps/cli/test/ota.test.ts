import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startGateway, type TestGateway } from "./a-gateway.ts";

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await startGateway();
}, 90_000);
afterAll(() => gateway?.dispose());

it("uploads a firmware, brings it to devices, and cancels the job", async () => {
  const { productKey } = await gateway.json<{ productKey: string }>("products", "create", "lamp");
  const { deviceName } = await gateway.json<{ deviceName: string }>("devices", "add", productKey);
  const file = join(gateway.folder, "app.bin");
  writeFileSync(file, "new");
  const made = await gateway.json("firmware", "upload", productKey, "2.0", file);
  expect(made).toMatchObject({ module: "default", version: "2.0", size: 3 });
  expect(await gateway.json("firmware", "list", productKey)).toMatchObject([{ firmwareId: made["firmwareId"] }]);
  const rules = ["--device", deviceName, "--rate", "60", "--stop-at", "5"];
  const job = await gateway.json<{ jobId: string }>("ota", "start", productKey, "2.0", ...rules);
  expect(job).toMatchObject({ state: "running", ratePerMinute: 60, stopAtFailurePercent: 5, deviceNames: 1 });
  expect(await gateway.json("ota", "list", "--product", productKey)).toMatchObject([{ jobId: job.jobId }]);
  expect(await gateway.json("ota", "cancel", job.jobId)).toMatchObject({ state: "cancelled" });
  expect(await gateway.json("ota", "show", job.jobId)).toMatchObject({ state: "cancelled" });
  expect(await gateway.json("firmware", "show", productKey, deviceName)).toEqual([]);
  expect(await gateway.json("firmware", "delete", productKey, String(made["firmwareId"]))).toMatchObject({
    deleted: made["firmwareId"],
  });
  expect(await gateway.run(["firmware", "upload", productKey, "3.0", join(gateway.folder, "none")])).toMatchObject({
    code: 1,
    err: expect.stringContaining("there is no file"),
  });
});
