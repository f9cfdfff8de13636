import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Given, openCloud, type TestCloud } from "./a-cloud.ts";

let cloud: TestCloud;
let ProductKey: string;
beforeEach(async () => {
  cloud = await openCloud();
  ProductKey = (await cloud.call("CreateProduct", { ProductName: "lamp" })).body.ProductKey;
});
afterEach(() => cloud[Symbol.asyncDispose]());

const call = async (action: string, given: Given = {}) => (await cloud.call(action, { ProductKey, ...given })).body;
const statusOf = async (ApplyId: number) => (await call("QueryBatchRegisterDeviceStatus", { ApplyId })).Data;
const names = (...given: string[]) => Object.fromEntries(given.map((name, i) => [`DeviceName.${i + 1}`, name]));

describe("devices without names", () => {
  it("are registered in the background, and their certificates are read page by page", async () => {
    const { ApplyId } = (await call("BatchRegisterDevice", { Count: 5 })).Data;
    expect(Number.isSafeInteger(ApplyId)).toBe(true);
    expect(await statusOf(ApplyId)).toEqual({ Status: "CREATE", InvalidList: { Name: [] } });
    expect((await call("QueryPageByApplyId", { ApplyId })).Code).toBe("iot.device.CreateDeviceTaskIsRunning");
    await cloud.admin.workOff();
    expect(await statusOf(ApplyId)).toMatchObject({ Status: "CREATE_SUCCESS" });
    const seen: { DeviceName: string; IotId: string; DeviceSecret: string }[] = [];
    for (const CurrentPage of [1, 2, 3]) {
      const page = await call("QueryPageByApplyId", { ApplyId, CurrentPage, PageSize: 2 });
      expect(page).toMatchObject({ Success: true, Page: CurrentPage, PageSize: 2, PageCount: 3, Total: 5 });
      seen.push(...page.ApplyDeviceList.ApplyDeviceInfo);
    }
    expect(new Set(seen.map(({ DeviceName }) => DeviceName)).size).toBe(5);
    for (const { DeviceName, IotId, DeviceSecret } of seen)
      expect((await call("QueryDeviceDetail", { DeviceName })).Data).toMatchObject({ IotId, DeviceSecret });
  });

  it.each([0, 1_001, "x"])("are not registered by a Count of %s", async (Count) => {
    expect((await call("BatchRegisterDevice", { Count })).Code).toBe("iot.device.DeviceCountExceeded");
  });
});

describe("devices with names", () => {
  it("are checked first, and registered when their ApplyId is given back, once", async () => {
    const checked = await call("BatchCheckDeviceNames", names("light1", "light2"));
    expect(checked).toMatchObject({ Success: true, Data: { ApplyId: expect.any(Number) } });
    expect(checked.Data.InvalidDeviceNameList).toBeUndefined();
    const { ApplyId } = checked.Data;
    await cloud.admin.workOff();
    expect(await statusOf(ApplyId)).toMatchObject({ Status: "CHECK_SUCCESS" });
    expect((await call("QueryDeviceDetail", { DeviceName: "light1" })).Code).toBe("iot.device.NotExistedDevice");

    expect((await call("BatchRegisterDeviceWithApplyId", { ApplyId })).Data).toEqual({ ApplyId });
    expect((await call("BatchRegisterDeviceWithApplyId", { ApplyId })).Code).toBe(
      "iot.device.IncorrentDeviceApplyInfo",
    );
    await cloud.admin.workOff();
    expect(await statusOf(ApplyId)).toMatchObject({ Status: "CREATE_SUCCESS" });
    expect((await call("QueryDeviceDetail", { DeviceName: "light2" })).Data.Status).toBe("UNACTIVE");
    const { items } = await cloud.admin.gateway.ports.audit.list({}, { limit: 9 });
    expect(items.map(({ action }) => action)).toEqual(
      expect.arrayContaining(["batch.create", "batch.release", "certificate.read"]),
    );
  });

  it("may have nicknames", async () => {
    const given = {
      "DeviceNameList.1.DeviceName": "light1",
      "DeviceNameList.1.DeviceNickname": "hall",
      "DeviceNameList.2.DeviceName": "light2",
    };
    const { ApplyId } = (await call("BatchCheckDeviceNames", given)).Data;
    await call("BatchRegisterDeviceWithApplyId", { ApplyId });
    await cloud.admin.workOff();
    expect((await call("QueryDeviceDetail", { DeviceName: "light1" })).Data.Nickname).toBe("hall");
    expect((await call("QueryDeviceDetail", { DeviceName: "light2" })).Data.Nickname).toBe("");
  });

  it("that are wrong, taken or there twice are told, and nothing of their ApplyId is registered", async () => {
    await call("RegisterDevice", { DeviceName: "taken" });
    const checked = await call("BatchCheckDeviceNames", names("good", "x", "taken", "twice", "twice"));
    const wrong = ["x", "taken", "twice"];
    expect(checked.Data.InvalidDeviceNameList.InvalidDeviceName.toSorted()).toEqual(wrong.toSorted());
    const { ApplyId } = checked.Data;
    const status = await statusOf(ApplyId);
    expect(status.Status).toBe("CHECK_FAILED");
    expect(status.InvalidList.Name.toSorted()).toEqual(wrong.toSorted());
    expect((await call("BatchRegisterDeviceWithApplyId", { ApplyId })).Code).toBe(
      "iot.device.IncorrentDeviceApplyInfo",
    );
    await cloud.admin.workOff();
    expect((await call("QueryDeviceDetail", { DeviceName: "good" })).Code).toBe("iot.device.NotExistedDevice");
  });

  it("that were taken after the check are told when they were registered", async () => {
    const { ApplyId } = (await call("BatchCheckDeviceNames", names("light1", "light2"))).Data;
    await call("RegisterDevice", { DeviceName: "light1" });
    await call("BatchRegisterDeviceWithApplyId", { ApplyId });
    await cloud.admin.workOff();
    expect(await statusOf(ApplyId)).toEqual({ Status: "CREATE_FAILED", InvalidList: { Name: ["light1"] } });
  });

  it.each([
    ["BatchCheckDeviceNames", {}, "iot.device.NoneDeviceNameElement"],
    ["BatchRegisterDeviceWithApplyId", {}, "iot.device.NullApplyId"],
    ["BatchRegisterDeviceWithApplyId", { ApplyId: "x" }, "iot.device.InvalidFormattedApplyId"],
    ["QueryBatchRegisterDeviceStatus", { ApplyId: 123 }, "iot.device.DeviceApplyIsNotFound"],
    ["QueryPageByApplyId", { ApplyId: 123 }, "iot.device.DeviceApplyIsNotFound"],
  ])("%s with %j is refused as %s", async (action, given, code) => {
    expect((await call(action, given)).Code).toBe(code);
  });

  it("are those of their product: the ApplyId of another is none", async () => {
    const other = (await cloud.call("CreateProduct", { ProductName: "other" })).body.ProductKey;
    const { ApplyId } = (await call("BatchCheckDeviceNames", names("light1"))).Data;
    for (const action of ["BatchRegisterDeviceWithApplyId", "QueryBatchRegisterDeviceStatus"])
      expect((await call(action, { ProductKey: other, ApplyId })).Code).toBe("iot.device.DeviceApplyIsNotFound");
  });
});
