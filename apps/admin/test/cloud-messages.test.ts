import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Given, openCloud, type TestCloud } from "./a-cloud.ts";

let cloud: TestCloud;
let ProductKey: string;
beforeEach(async () => {
  cloud = await openCloud();
  ProductKey = (await cloud.call("CreateProduct", { ProductName: "lamp" })).body.ProductKey;
  await cloud.call("RegisterDevice", { ProductKey, DeviceName: "light" });
});
afterEach(() => cloud[Symbol.asyncDispose]());

const call = async (action: string, given: Given = {}) => (await cloud.call(action, { ProductKey, ...given })).body;

describe("Pub", () => {
  const message = (given: Given = {}) => ({
    TopicFullName: `/${ProductKey}/light/user/get`,
    MessageContent: Buffer.from("hello").toString("base64"),
    Qos: 1,
    ...given,
  });

  it("puts a message of QoS 1 into the mailbox of the device that its topic names", async () => {
    const { MessageId, Success } = await call("Pub", message());
    expect(Success).toBe(true);
    expect(MessageId).toMatch(/^\d+$/);
    const path = `/v1/products/${ProductKey}/devices/light/messages/${MessageId}`;
    const { body } = await cloud.admin.ask(`GET ${path}`);
    expect(body).toMatchObject({ state: "queued", qos: 1, topic: `/${ProductKey}/light/user/get` });
  });

  it("of QoS 0, the default, is done also when the device is not connected", async () => {
    for (const Qos of [0, undefined]) {
      const { MessageId, Success } = await call("Pub", message({ Qos }));
      expect(Success).toBe(true);
      const { body } = await cloud.admin.ask(`GET /v1/products/${ProductKey}/devices/light/messages/${MessageId}`);
      expect(body["state"]).toBe("expired");
    }
  });

  it("reaches system topics of the device", async () => {
    const TopicFullName = `/sys/${ProductKey}/light/thing/service/property/set`;
    expect(await call("Pub", message({ TopicFullName }))).toMatchObject({ Success: true });
  });

  it.each([
    [{ TopicFullName: undefined }, "iot.messagebroker.NullTopicName"],
    [{ TopicFullName: "/other/light/user/get" }, "iot.messagebroker.InvalidFormattedTopicName"],
    [{ TopicFullName: "PK/light/user/get" }, "iot.messagebroker.InvalidFormattedTopicName"],
    [{ TopicFullName: "/PK/nosuch/user/get" }, "iot.device.NotExistedDevice"],
    [{ TopicFullName: "/PK" }, "iot.device.NullDeviceName"],
    [{ TopicFullName: "/PK/light/user/update" }, "iot.messagebroker.PublishMessageFailed"],
    [{ MessageContent: undefined }, "iot.messagebroker.NullMessageContent"],
    [{ MessageContent: "%%%" }, "iot.messagebroker.MessageContentIsNotBase64Encode"],
    [{ MessageContent: Buffer.alloc(262_145).toString("base64") }, "iot.messagebroker.PublishMessageFailed"],
    [{ Qos: 2 }, "InvalidParameter"],
  ])("with %o is refused as %s", async (given: Given, code) => {
    const TopicFullName = String(given["TopicFullName"] ?? "").replace("PK", ProductKey);
    const topic = "TopicFullName" in given ? { TopicFullName: TopicFullName || undefined } : {};
    expect((await call("Pub", message({ ...given, ...topic }))).Code).toBe(code);
  });

  it("into a full mailbox is refused as too many", async () => {
    for (let i = 0; i < 1_000; i += 1) await call("Pub", message());
    expect((await call("Pub", message())).Code).toBe("iot.messagebroker.RateLimit");
  });
});

describe("topic classes", () => {
  const listed = async () =>
    (await call("QueryProductTopic")).Data.ProductTopicInfo as {
      Id: string;
      TopicShortName: string;
      Operation: string;
    }[];

  it("are made, listed, changed and deleted", async () => {
    const before = await listed();
    const full = (short: string) => `/${ProductKey}/\${deviceName}/user/${short}`;
    expect(before).toContainEqual(expect.objectContaining({ TopicShortName: full("get"), Operation: "1" }));
    const { TopicId } = await call("CreateProductTopic", { TopicShortName: "alarm", Operation: "ALL", Desc: "d" });
    expect(Number.isSafeInteger(TopicId)).toBe(true);
    const made = { Id: String(TopicId), TopicShortName: full("alarm"), Operation: "2" };
    expect(await listed()).toContainEqual(expect.objectContaining(made));

    const change = { ProductKey: undefined, TopicId, TopicShortName: "user/alarm/fire", Operation: "PUB" };
    expect(await call("UpdateProductTopic", change)).toMatchObject({ Success: true });
    const changed = (await listed()).find(({ TopicShortName }) => TopicShortName === full("alarm/fire"));
    expect(changed?.Operation).toBe("0");
    expect(await call("UpdateProductTopic", { TopicId: changed?.Id, Operation: "SUB" })).toMatchObject({
      Success: true,
    });
    expect(await listed()).toContainEqual(expect.objectContaining({ Id: changed?.Id, Operation: "1" }));

    expect(await call("DeleteProductTopic", { ProductKey: undefined, TopicId: changed?.Id })).toMatchObject({
      Success: true,
    });
    expect(await listed()).toEqual(before);
    expect((await call("DeleteProductTopic", { TopicId: changed?.Id })).Code).toBe(
      "iot.messagebroker.TopicTemplateIsNotFound",
    );
  });

  it("are refused beyond fifty", async () => {
    for (let i = (await listed()).length; i < 50; i += 1)
      await call("CreateProductTopic", { TopicShortName: `t${i}`, Operation: "PUB" });
    expect((await call("CreateProductTopic", { TopicShortName: "more", Operation: "PUB" })).Code).toBe(
      "iot.messagebroker.TopicTemplateCountExceedMax",
    );
  });

  it.each([
    ["CreateProductTopic", { Operation: "PUB" }, "iot.messagebroker.NullTopicName"],
    ["CreateProductTopic", { TopicShortName: "a" }, "iot.messagebroker.NullTopicTemplateOperation"],
    [
      "CreateProductTopic",
      { TopicShortName: "a", Operation: "X" },
      "iot.messagebroker.InvalidTopicTemplateOperationValue",
    ],
    ["CreateProductTopic", { TopicShortName: "a b", Operation: "PUB" }, "iot.messagebroker.InvalidFormattedTopicName"],
    ["CreateProductTopic", { TopicShortName: "get", Operation: "PUB" }, "iot.messagebroker.TopicAlreadyFound"],
    ["UpdateProductTopic", {}, "iot.messagebroker.NullTopicTemplateId"],
    ["DeleteProductTopic", { TopicId: 1 }, "iot.messagebroker.TopicTemplateIsNotFound"],
  ])("%s with %j is refused as %s", async (action, given, code) => {
    expect((await call(action, given)).Code).toBe(code);
  });
});
