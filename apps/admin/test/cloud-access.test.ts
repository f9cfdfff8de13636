import type { Role } from "@trine/core/access";
import { parseProductKey } from "@trine/core/certificate";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ACTIONS } from "../src/cloud-api/actions.ts";
import { type AccessKeyPair, type Given, openCloud, type TestCloud } from "./a-cloud.ts";

/** Who may ask for which action, as the route of the REST API that does the same. A new action needs a row here. */
const TABLE: Readonly<Record<string, readonly [Role, "fleet" | "product" | "listed"]>> = {
  CreateProduct: ["operator", "fleet"],
  QueryProduct: ["viewer", "product"],
  QueryProductList: ["viewer", "listed"],
  UpdateProduct: ["operator", "product"],
  DeleteProduct: ["operator", "product"],
  RegisterDevice: ["operator", "product"],
  QueryDeviceDetail: ["viewer", "product"],
  DisableThing: ["operator", "product"],
  EnableThing: ["operator", "product"],
  DeleteDevice: ["operator", "product"],
  QueryDevice: ["viewer", "product"],
  GetDeviceStatus: ["viewer", "product"],
  BatchGetDeviceState: ["viewer", "product"],
  BatchRegisterDevice: ["operator", "product"],
  BatchCheckDeviceNames: ["operator", "product"],
  BatchRegisterDeviceWithApplyId: ["operator", "product"],
  QueryBatchRegisterDeviceStatus: ["viewer", "product"],
  QueryPageByApplyId: ["admin", "listed"],
  Pub: ["operator", "product"],
  CreateProductTopic: ["operator", "product"],
  QueryProductTopic: ["viewer", "product"],
  UpdateProductTopic: ["operator", "product"],
  DeleteProductTopic: ["operator", "product"],
  SaveDeviceProp: ["operator", "product"],
  QueryDeviceProp: ["viewer", "product"],
  DeleteDeviceProp: ["operator", "product"],
};

const ROLES = ["viewer", "operator", "admin"] as const;
const REACHES = ["everything", "the product", "another product"] as const;

describe("an action", () => {
  let cloud: TestCloud;
  let ProductKey: string;
  let given: Given;
  const keys = new Map<string, AccessKeyPair>();
  beforeAll(async () => {
    cloud = await openCloud();
    const make = async () => (await cloud.call("CreateProduct", { ProductName: "lamp" })).body.ProductKey as string;
    ProductKey = await make();
    const other = await make();
    // Or whoever may delete it would.
    await cloud.call("RegisterDevice", { ProductKey });
    given = {
      ...{
        ProductKey,
        ProductName: "lamp",
        DeviceName: "nosuch",
        "DeviceName.1": "x",
        Count: 0,
        ApplyId: 1,
        TopicId: 1,
      },
      ...{ TopicFullName: `/${ProductKey}/nosuch/user/get`, MessageContent: "", Props: "{}", PropKey: "x" },
      ...{ TopicShortName: "a b", Operation: "PUB" },
    };
    const limits = { everything: {}, "the product": limitedTo(ProductKey), "another product": limitedTo(other) };
    for (const role of ROLES)
      for (const reach of REACHES) keys.set(`${role} of ${reach}`, await cloud.makeKey({ role, ...limits[reach] }));
  });
  afterAll(() => cloud[Symbol.asyncDispose]());

  it("stands in the table, with the role and the reach that it declares", () => {
    expect([...ACTIONS.keys()].toSorted()).toEqual(Object.keys(TABLE).toSorted());
    for (const [name, { role, fleet = false }] of ACTIONS)
      expect([role, fleet], name).toEqual([TABLE[name]?.[0], TABLE[name]?.[1] === "fleet"]);
  });

  it("answers who has the role and the reach, and refuses everybody else before it does anything", async () => {
    for (const [action, [needed, scope]] of Object.entries(TABLE))
      for (const role of ROLES)
        for (const reach of REACHES) {
          const reply = await cloud.call(action, given, { key: keyOf(`${role} of ${reach}`) });
          const isRefused =
            ROLES.indexOf(role) < ROLES.indexOf(needed) ||
            (scope === "fleet" && reach !== "everything") ||
            (scope === "product" && reach === "another product");
          const what = `${action}, ${role} of ${reach}: ${reply.text}`;
          if (isRefused) expect([reply.status, reply.body.Code], what).toEqual([403, "Forbidden.RAM"]);
          else expect(reply.status, what).not.toBe(403);
        }
  });

  it("shows a limited key nothing of another product by an IotId or an ApplyId of it", async () => {
    const { IotId } = (await cloud.call("RegisterDevice", { ProductKey })).body.Data;
    const { ApplyId } = (await cloud.call("BatchRegisterDevice", { ProductKey, Count: 1 })).body.Data;
    await cloud.admin.workOff();
    const key = keyOf("admin of another product");
    const ask = async (action: string, asked: Given) => (await cloud.call(action, asked, { key })).body;
    const byId = ["QueryDeviceDetail", "GetDeviceStatus", "DisableThing", "EnableThing", "DeleteDevice"];
    for (const action of [...byId, "SaveDeviceProp", "QueryDeviceProp", "DeleteDeviceProp"])
      for (const id of [IotId, "nosuch"])
        expect((await ask(action, { ...{ Props: '{"a":"b"}', PropKey: "a" }, IotId: id })).Code, action).toBe(
          "iot.device.NotExistedDevice",
        );
    expect((await ask("BatchGetDeviceState", { "IotId.1": IotId })).DeviceStatusList.DeviceStatus).toEqual([]);
    expect((await ask("QueryPageByApplyId", { ApplyId })).Code).toBe("iot.device.DeviceApplyIsNotFound");
    const [{ Id }] = (await cloud.call("QueryProductTopic", { ProductKey })).body.Data.ProductTopicInfo;
    expect((await ask("DeleteProductTopic", { TopicId: Id })).Code).toBe("iot.messagebroker.TopicTemplateIsNotFound");
    const { Data } = await ask("QueryProductList", {});
    expect(Data).toMatchObject({ Total: 1 });
    expect(Data.List.ProductInfo[0].ProductKey).not.toBe(ProductKey);
  });

  it("for admins that is refused is written down, once a minute", async () => {
    const key = keyOf("operator of everything");
    for (let i = 0; i < 3; i += 1) await cloud.call("QueryPageByApplyId", { ApplyId: 77 }, { key });
    const { items } = await cloud.admin.gateway.ports.audit.list(
      { action: "access.refused", target: "77" },
      { limit: 9 },
    );
    expect(items).toMatchObject([
      { actor: `app (${key.accessKeyId})`, detail: { route: "QueryPageByApplyId", code: "forbidden" } },
    ]);
  });

  function keyOf(name: string): AccessKeyPair {
    const key = keys.get(name);
    if (!key) throw new Error(`there is no ${name}`);
    return key;
  }
});

function limitedTo(text: string) {
  const productKey = parseProductKey(text);
  return productKey ? { products: [productKey] } : {};
}
