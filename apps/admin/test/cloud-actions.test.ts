import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Given, openCloud, type TestCloud } from "./a-cloud.ts";

let cloud: TestCloud;
beforeEach(async () => {
  cloud = await openCloud();
});
afterEach(() => cloud[Symbol.asyncDispose]());

/** Asks, and expects that it is done. */
async function done(action: string, given: Given = {}) {
  const { status, body, text } = await cloud.call(action, given);
  expect([status, body.Success, body.Code], text).toEqual([200, true, ""]);
  return body;
}

/** Asks, and expects a "no" of the action: in a reply of status 200. */
async function no(action: string, given: Given = {}) {
  const { status, body, text } = await cloud.call(action, given);
  expect([status, body.Success], text).toEqual([200, false]);
  expect(body.ErrorMessage).not.toBe("");
  return body.Code;
}

async function aProduct(given: Given = {}): Promise<string> {
  return (await done("CreateProduct", { ProductName: "lamp", NodeType: 0, ...given })).ProductKey;
}

async function aDevice(ProductKey: string, given: Given = {}) {
  return (await done("RegisterDevice", { ProductKey, ...given })).Data;
}

describe("products", () => {
  it("are made, shown, listed page by page, renamed and deleted", async () => {
    const made = await done("CreateProduct", { ProductName: "lamp", NodeType: 1, DataFormat: 1, AuthType: "x509" });
    const { ProductKey } = made;
    expect(made.Data).toMatchObject({ ProductKey, ProductName: "lamp", NodeType: 1, AuthType: "x509" });
    expect(made.Data.ProductSecret).toMatch(/^[A-Za-z0-9]{16}$/);
    await done("UpdateProduct", { ProductKey, ProductName: "lantern" });
    await aDevice(ProductKey);
    const shown = await done("QueryProduct", { ProductKey });
    expect(shown.Data).toMatchObject({ ProductName: "lantern", DeviceCount: 1, GmtCreate: expect.any(Number) });
    expect(JSON.stringify(shown)).not.toContain(made.Data.ProductSecret);

    const others = [await aProduct(), await aProduct()];
    const keys: string[] = [];
    for (const CurrentPage of [1, 2]) {
      const { Data } = await done("QueryProductList", { CurrentPage, PageSize: 2 });
      expect(Data).toMatchObject({ CurrentPage, PageSize: 2, PageCount: 2, Total: 3 });
      for (const info of Data.List.ProductInfo) keys.push(info.ProductKey);
    }
    expect(keys.toSorted()).toEqual([ProductKey, ...others].toSorted());

    expect(await no("DeleteProduct", { ProductKey })).toBe("iot.prod.ProductHasDevices");
    await done("DeleteProduct", { ProductKey: others[0] });
    expect(await no("QueryProduct", { ProductKey: others[0] })).toBe("iot.prod.NotExistedProduct");
  });

  it.each([
    ["CreateProduct", {}, "iot.prod.NullProductName"],
    ["CreateProduct", { ProductName: "x".repeat(65) }, "iot.prod.InvalidFormattedProductName"],
    ["CreateProduct", { ProductName: "x", NodeType: 2 }, "iot.prod.InvalidNodeType"],
    ["CreateProduct", { ProductName: "x", AuthType: "id2" }, "iot.prod.CreateProductFailed"],
    ["QueryProduct", {}, "iot.prod.NullProductKey"],
    ["QueryProduct", { ProductKey: "nosuch" }, "iot.prod.NotExistedProduct"],
    ["QueryProduct", { ProductKey: "no such" }, "iot.prod.NotExistedProduct"],
    ["UpdateProduct", { ProductKey: "nosuch", ProductName: "x" }, "iot.prod.NotExistedProduct"],
    ["DeleteProduct", { ProductKey: "nosuch" }, "iot.prod.NotExistedProduct"],
    ["QueryProductList", { CurrentPage: 0 }, "iot.common.InvalidPageParams"],
    ["QueryProductList", { PageSize: 201 }, "iot.common.InvalidPageParams"],
  ])("%s with %j is refused as %s", async (action, given, code) => {
    expect(await no(action, given)).toBe(code);
  });
});

describe("devices", () => {
  it("are registered with a name and a nickname, or with a drawn name", async () => {
    const ProductKey = await aProduct();
    const device = await aDevice(ProductKey, { DeviceName: "light", Nickname: "门口" });
    expect(device).toMatchObject({ ProductKey, DeviceName: "light", Nickname: "门口" });
    expect(device.DeviceSecret).toMatch(/^[A-Za-z0-9]{32}$/);
    expect((await aDevice(ProductKey)).DeviceName).toMatch(/^.{16}$/);
    expect(await no("RegisterDevice", { ProductKey, DeviceName: "light" })).toBe("iot.device.AlreadyExistedDeviceName");
    expect(await no("RegisterDevice", { ProductKey, DeviceName: "x" })).toBe("iot.device.InvalidFormattedDeviceName");
    expect(await no("RegisterDevice", { ProductKey: "nosuch" })).toBe("iot.prod.NotExistedProduct");
    const long = await cloud.call("RegisterDevice", { ProductKey, Nickname: "x".repeat(65) });
    expect([long.status, long.body.Code]).toEqual([400, "InvalidParameter"]);
  });

  it("are named by IotId, or by ProductKey and DeviceName, everywhere", async () => {
    const ProductKey = await aProduct();
    const { DeviceName, IotId, DeviceSecret } = await aDevice(ProductKey, { DeviceName: "light" });
    for (const named of [
      { IotId },
      { ProductKey, DeviceName },
      { IotId, ProductKey: "nosuch", DeviceName: "nosuch" },
    ]) {
      const { Data } = await done("QueryDeviceDetail", named);
      expect(Data).toMatchObject({ IotId, ProductKey, DeviceName, DeviceSecret, ProductName: "lamp", NodeType: 0 });
      expect(Data).toMatchObject({ Status: "UNACTIVE", UtcActive: "", Region: "cn-shanghai" });
      expect(Data.UtcCreate).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
      expect(Data.GmtCreate).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/);
      expect((await done("GetDeviceStatus", named)).Data).toMatchObject({ Status: "UNACTIVE" });
      await done("DisableThing", named);
      expect((await done("GetDeviceStatus", named)).Data.Status).toBe("DISABLE");
      await done("EnableThing", named);
      await done("SaveDeviceProp", { ...named, Props: '{"room":"hall"}' });
      expect((await done("QueryDeviceProp", named)).Props).toBe('{"room":"hall"}');
      await done("DeleteDeviceProp", { ...named, PropKey: "room" });
    }
    await done("DeleteDevice", { IotId });
    for (const action of ["QueryDeviceDetail", "GetDeviceStatus", "DisableThing", "EnableThing", "DeleteDevice"])
      for (const named of [{ IotId }, { ProductKey, DeviceName }, { ProductKey, DeviceName: "%" }])
        expect(await no(action, named), action).toBe("iot.device.NotExistedDevice");
    expect(await no("GetDeviceStatus", { ProductKey })).toBe("iot.device.NullDeviceName");
    expect(await no("GetDeviceStatus", {})).toBe("iot.prod.NullProductKey");
  });

  it("show their secret to admins only, and the audit log has it", async () => {
    const ProductKey = await aProduct();
    const { IotId, DeviceSecret } = await aDevice(ProductKey);
    const operator = await cloud.makeKey({ role: "operator" });
    const seen = await cloud.call("QueryDeviceDetail", { IotId }, { key: operator });
    expect(seen.body.Data.DeviceSecret).toBe("");
    expect((await done("QueryDeviceDetail", { IotId })).Data.DeviceSecret).toBe(DeviceSecret);
    const { items } = await cloud.admin.gateway.ports.audit.list({ action: "certificate.read" }, { limit: 9 });
    expect(items).toHaveLength(1);
  });

  it("are listed by pages, and by NextToken", async () => {
    const ProductKey = await aProduct();
    for (const DeviceName of ["dev-5", "dev-1", "dev-3", "dev-2", "dev-4"]) await aDevice(ProductKey, { DeviceName });
    const namesOf = (reply: { Data: { DeviceInfo: { DeviceName: string }[] } }) =>
      reply.Data.DeviceInfo.map(({ DeviceName }) => DeviceName);
    const second = await done("QueryDevice", { ProductKey, CurrentPage: 2, PageSize: 2 });
    expect(second).toMatchObject({ Total: 5, Page: 2, PageSize: 2, PageCount: 3 });
    expect(namesOf(second)).toEqual(["dev-3", "dev-4"]);
    expect(JSON.stringify(second)).not.toContain("Secret");
    const last = await done("QueryDevice", { ProductKey, PageSize: 2, NextToken: second.NextToken });
    expect(namesOf(last)).toEqual(["dev-5"]);
    expect(last.NextToken).toBeUndefined();
    expect(namesOf(await done("QueryDevice", { ProductKey, CurrentPage: 4, PageSize: 2 }))).toEqual([]);
    expect(await no("QueryDevice", { ProductKey, NextToken: "nonsense" })).toBe("iot.common.InvalidPageParams");
    expect(await no("QueryDevice", { ProductKey, CurrentPage: 1_000, PageSize: 50 })).toBe(
      "iot.common.InvalidPageParams",
    );
    expect(await no("QueryDevice", { ProductKey: "nosuch" })).toBe("iot.prod.NotExistedProduct");
  });

  it("tell their states, up to fifty in one request, and those that are not there are left out", async () => {
    const ProductKey = await aProduct();
    const one = await aDevice(ProductKey, { DeviceName: "light1" });
    const two = await aDevice(ProductKey, { DeviceName: "light2" });
    await done("DisableThing", { IotId: two.IotId });
    const byName = { ProductKey, "DeviceName.1": "light1", "DeviceName.2": "nosuch", "DeviceName.3": "light2" };
    const byId = { "IotId.1": one.IotId, "IotId.2": "nosuch", "IotId.3": two.IotId };
    for (const given of [byName, byId]) {
      const { DeviceStatusList } = await done("BatchGetDeviceState", given);
      expect(DeviceStatusList.DeviceStatus).toMatchObject([
        { DeviceName: "light1", IotId: one.IotId, Status: "UNACTIVE" },
        { DeviceName: "light2", IotId: two.IotId, Status: "DISABLE" },
      ]);
    }
    expect(await no("BatchGetDeviceState", { ProductKey })).toBe("iot.device.NoneDeviceNameElement");
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, i) => [`IotId.${i + 1}`, "x"]));
    expect(await no("BatchGetDeviceState", many)).toBe("iot.device.DeviceCountExceeded");
  });
});

describe("tags of a device", () => {
  it("are added to those that are there, and changed and deleted by their names", async () => {
    const ProductKey = await aProduct();
    const { IotId } = await aDevice(ProductKey);
    await done("SaveDeviceProp", { IotId, Props: '{"room":"hall","floor":2}' });
    await done("SaveDeviceProp", { IotId, Props: '{"room":"attic","__proto__":"x"}' });
    const { Props } = await done("QueryDeviceProp", { IotId });
    expect(Object.entries(JSON.parse(Props) as object).toSorted()).toEqual([
      ["__proto__", "x"],
      ["floor", "2"],
      ["room", "attic"],
    ]);
    await Promise.all(["a", "b", "c", "d"].map((name) => done("SaveDeviceProp", { IotId, Props: `{"${name}":1}` })));
    expect(Object.keys(JSON.parse((await done("QueryDeviceProp", { IotId })).Props) as object)).toHaveLength(7);
    await done("DeleteDeviceProp", { IotId, PropKey: "floor" });
    expect((await done("QueryDeviceProp", { IotId })).Props).not.toContain("floor");
  });

  it.each([
    ["SaveDeviceProp", {}, "iot.device.NullDevicePropertiesString"],
    ["SaveDeviceProp", { Props: "room=hall" }, "iot.device.InvalidFormattedDevicePropertiesString"],
    ["SaveDeviceProp", { Props: '["a"]' }, "iot.device.InvalidFormattedDevicePropertiesString"],
    ["SaveDeviceProp", { Props: "{}" }, "iot.device.NoneDeviceProperties"],
    ["SaveDeviceProp", { Props: `{"a":"${"x".repeat(257)}"}` }, "iot.device.InvalidFormattedDevicePropertiesString"],
    ["DeleteDeviceProp", {}, "iot.device.NullDevicePropertyKey"],
  ])("%s with %j is refused as %s", async (action, given, code) => {
    const { IotId } = await aDevice(await aProduct());
    expect(await no(action, { IotId, ...given })).toBe(code);
  });
});
