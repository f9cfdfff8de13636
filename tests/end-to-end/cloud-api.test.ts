import { connectMqtt, type DeviceCertificate } from "@trine/device";
import { beforeAll, describe, expect, it } from "vitest";
import { INSTALLATIONS } from "../src/installation.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { openCloudClient } from "../src/vendor-cloud.ts";

type CloudClient = ReturnType<typeof openCloudClient>;

const SOON = { timeout: 30_000 };

interface AccessKey {
  readonly accessKeyId: string;
  readonly accessKeySecret: string;
}

describe.each(INSTALLATIONS)("%s: an application with the vendor's own client", (kind) => {
  const trine = shareInstallation(kind);
  let cloud: CloudClient;
  beforeAll(async () => {
    cloud = openCloudClient(trine.ports.admin, await makeKey("admin"));
  });

  const makeKey = (role: string) => trine.api.call<AccessKey>("POST", "/v1/access-keys", { name: "shop", role });

  async function register(ProductKey: string): Promise<DeviceCertificate & { IotId: string }> {
    const { Data } = await cloud.request("RegisterDevice", { ProductKey });
    const { DeviceName: deviceName, DeviceSecret: deviceSecret, IotId } = Data;
    return { productKey: ProductKey, deviceName, deviceSecret, IotId };
  }

  it("makes a product and a device, sees it come, sends it a message, and shuts it out", async () => {
    const { ProductKey } = await cloud.request("CreateProduct", { ProductName: "lamp", NodeType: 0 });
    const device = await register(ProductKey);
    const { IotId } = device;
    const topic = `/${ProductKey}/${device.deviceName}/user/get`;
    const received: string[] = [];
    const connection = await connectMqtt({
      ...{ host: "127.0.0.1", port: trine.ports.mqtt, certificate: device },
      onMessage: ({ payload }) => void received.push(payload.toString()),
    });
    await connection.subscribe([topic]);
    const status = async () => (await cloud.request("GetDeviceStatus", { IotId })).Data.Status;
    await expect.poll(status, SOON).toBe("ONLINE");

    const MessageContent = Buffer.from("good morning").toString("base64");
    const sent = await cloud.request("Pub", { ProductKey, TopicFullName: topic, MessageContent, Qos: 1 });
    expect(sent).toMatchObject({ Success: true, MessageId: expect.stringMatching(/^\d+$/) });
    await expect.poll(() => received, SOON).toEqual(["good morning"]);

    await cloud.request("DisableThing", { ProductKey, DeviceName: device.deviceName }, { method: "POST" });
    await connection.closed;
    expect(await status()).toBe("DISABLE");
    await cloud.request("DeleteDevice", { IotId });
    await expect(status()).rejects.toMatchObject({ code: "iot.device.NotExistedDevice" });
    await cloud.request("DeleteProduct", { ProductKey });
  });

  it("registers many devices by names that it has checked, and each can log in", async () => {
    const { ProductKey } = await cloud.request("CreateProduct", { ProductName: "lamp" });
    const DeviceName = ["line-1", "line-2", "line-3"];
    const { Data } = await cloud.request("BatchCheckDeviceNames", { ProductKey, DeviceName }, { method: "POST" });
    const given = { ProductKey, ApplyId: Data.ApplyId };
    const status = async () => (await cloud.request("QueryBatchRegisterDeviceStatus", given)).Data.Status;
    expect(await status()).toBe("CHECK_SUCCESS");
    await cloud.request("BatchRegisterDeviceWithApplyId", given);
    await expect.poll(status, SOON).toBe("CREATE_SUCCESS");
    const { ApplyDeviceList, Total } = await cloud.request("QueryPageByApplyId", given);
    expect(Total).toBe(3);
    for (const { DeviceName: deviceName, DeviceSecret: deviceSecret } of ApplyDeviceList.ApplyDeviceInfo) {
      const certificate = { productKey: ProductKey, deviceName, deviceSecret };
      const connection = await connectMqtt({ host: "127.0.0.1", port: trine.ports.mqtt, certificate });
      await connection.close();
    }
    const found = await cloud.request("BatchGetDeviceState", { ProductKey, DeviceName });
    expect(found.DeviceStatusList.DeviceStatus).toHaveLength(3);
  });

  it("signs what has to be encoded, by GET and by POST", async () => {
    const ProductName = "灯 *~'()!+&=% /\n";
    for (const method of ["GET", "POST"] as const) {
      const { ProductKey } = await cloud.request("CreateProduct", { ProductName }, { method });
      expect((await cloud.request("QueryProduct", { ProductKey }, { method })).Data.ProductName).toBe(ProductName);
    }
  });

  it("is told the vendor's codes for what is refused", async () => {
    const stranger = { accessKeyId: "TRINE0123456789abcde", accessKeySecret: "x".repeat(30) };
    const viewer = await makeKey("viewer");
    const wrong = { ...viewer, accessKeySecret: "x".repeat(30) };
    const refused = async (key: AccessKey, action: string, given = {}) => {
      const asked = openCloudClient(trine.ports.admin, key).request(action, given);
      return asked.then(
        () => "done",
        (error: { code: string }) => error.code,
      );
    };
    expect(await refused(stranger, "QueryProductList")).toBe("InvalidAccessKeyId.NotFound");
    expect(await refused(wrong, "QueryProductList")).toBe("SignatureDoesNotMatch");
    expect(await refused(viewer, "QueryProductList")).toBe("done");
    expect(await refused(viewer, "CreateProduct", { ProductName: "x" })).toBe("Forbidden.RAM");
    expect(await refused(viewer, "CreateRule")).toBe("InvalidAction.NotFound");
    expect(await refused(viewer, "QueryProduct", { ProductKey: "nosuch" })).toBe("iot.prod.NotExistedProduct");
    expect(await refused(viewer, "QueryProductList", { SignatureNonce: "once" })).toBe("done");
    expect(await refused(viewer, "QueryProductList", { SignatureNonce: "once" })).toBe("SignatureNonceUsed");
    await trine.api.call("DELETE", `/v1/access-keys/${viewer.accessKeyId}`);
    expect(await refused(viewer, "QueryProductList")).toBe("InvalidAccessKeyId.NotFound");
  });
});
