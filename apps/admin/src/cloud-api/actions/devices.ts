import { roleCovers } from "@trine/core/access";
import { DEVICE_FACTS } from "@trine/core/registry";
import { type Action, type Call, deviceOf, deviceRecordOf, productOf } from "../call.ts";
import { gatewayError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { gmtText, utcText } from "../show-time.ts";

const registerDevice: Action = {
  role: "operator",
  async run(call) {
    const productKey = productOf(call);
    const { parameters, operators, actor } = call;
    const deviceName = parameters.get("DeviceName") || undefined;
    const nickname = parameters.get("Nickname") || undefined;
    if (nickname && nickname.length > DEVICE_FACTS.nicknameChars)
      throw gatewayError("InvalidParameter", `Nickname has at most ${DEVICE_FACTS.nicknameChars} characters`);
    const asked = { ...(deviceName ? { deviceName } : {}), ...(nickname ? { nickname } : {}) };
    const { device, deviceSecret } = orCloudError(await operators.devices.add(actor, productKey, asked));
    return {
      Data: {
        ProductKey: productKey,
        DeviceName: device.device.deviceName,
        DeviceSecret: deviceSecret.reveal(),
        IotId: device.iotId,
        Nickname: device.nickname ?? "",
      },
    };
  },
};

/** Its secret is for admins, as in the REST API, and each read is in the audit log. */
const queryDeviceDetail: Action = {
  role: "viewer",
  async run(call) {
    const { operators, grant } = call;
    const record = await deviceRecordOf(call);
    const product = orCloudError(await operators.products.find(record.device.productKey));
    return {
      Data: {
        ProductKey: record.device.productKey,
        ProductName: product.name,
        DeviceName: record.device.deviceName,
        DeviceSecret: roleCovers(grant.role, "admin") ? await secretOf(call, record.device) : "",
        IotId: record.iotId,
        Nickname: record.nickname ?? "",
        Status: record.status,
        NodeType: product.nodeType === "gateway" ? 1 : 0,
        Region: call.parameters.get("RegionId") ?? "",
        IpAddress: record.lastPeer ?? "",
        FirmwareVersion: "",
        GmtCreate: gmtText(record.createdAtMs),
        UtcCreate: utcText(record.createdAtMs),
        GmtActive: gmtText(record.activatedAtMs),
        UtcActive: utcText(record.activatedAtMs),
        GmtOnline: gmtText(record.lastOnlineAtMs),
        UtcOnline: utcText(record.lastOnlineAtMs),
      },
    };
  },
};

/** The three that change a device and answer nothing. */
function act(name: "disable" | "enable" | "remove"): Action {
  return {
    role: "operator",
    async run(call) {
      orCloudError(await call.operators.devices[name](call.actor, await deviceOf(call)));
      return {};
    },
  };
}

/** Single devices (wire-format 9.1). */
export const DEVICE_ACTIONS = {
  RegisterDevice: registerDevice,
  QueryDeviceDetail: queryDeviceDetail,
  DisableThing: act("disable"),
  EnableThing: act("enable"),
  DeleteDevice: act("remove"),
} as const;

async function secretOf({ operators, actor }: Call, device: Awaited<ReturnType<typeof deviceOf>>): Promise<string> {
  const { deviceSecret } = orCloudError(await operators.devices.certificate(actor, device));
  return deviceSecret.reveal();
}
