import type { ProductKey } from "@trine/core/certificate";
import type { DeviceRecord } from "@trine/core/ports";
import { type Action, type Call, deviceRecordOf, findByIotId, namedDevice, productOf } from "../call.ts";
import { actionError, CloudError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { listOf, type PageParameters, pageOf } from "../read-parameters.ts";
import { gmtText, utcText } from "../show-time.ts";
import type { ReplyFields } from "../write-reply.ts";

/** As the vendor's, for one request. */
const MAX_STATES = 50;
/** How far `CurrentPage` reaches; behind it `NextToken` does. */
const MAX_SKIPPED = 10_000;

/** By pages, as the vendor has it, or by `NextToken`, which costs the same wherever it is. */
const queryDevice: Action = {
  role: "viewer",
  async run(call) {
    const productKey = productOf(call);
    const asked = pageOf(call.parameters, { size: 10, most: MAX_STATES });
    const found = await readPage(call, productKey, asked);
    const total = (await call.operators.devices.count([productKey])).get(productKey) ?? 0;
    return {
      Total: total,
      Page: asked.page,
      PageSize: asked.size,
      PageCount: Math.ceil(total / asked.size),
      ...(found.nextCursor === undefined ? {} : { NextToken: found.nextCursor }),
      Data: { DeviceInfo: found.items.map(showInfo) },
    };
  },
};

const getDeviceStatus: Action = {
  role: "viewer",
  async run(call) {
    const record = await deviceRecordOf(call);
    return { Data: { Status: record.status, Timestamp: changedAtMs(record) } };
  },
};

/** Devices that are not there are left out [inferred]. */
const batchGetDeviceState: Action = {
  role: "viewer",
  async run(call) {
    const states = await Promise.all(asked(call).map((find) => find().catch(withoutMissing)));
    const found = states.flatMap((record) => (record ? [showState(record)] : []));
    return { DeviceStatusList: { DeviceStatus: found } };
  },
};

/** Devices of a product, and how they are (wire-format 9.1). */
export const DEVICE_LIST_ACTIONS = {
  QueryDevice: queryDevice,
  GetDeviceStatus: getDeviceStatus,
  BatchGetDeviceState: batchGetDeviceState,
} as const;

async function readPage({ parameters, operators }: Call, productKey: ProductKey, { page, size }: PageParameters) {
  const { devices } = operators;
  let cursor = parameters.get("NextToken") || undefined;
  let left = cursor === undefined ? (page - 1) * size : 0;
  if (left > MAX_SKIPPED)
    throw actionError("iot.common.InvalidPageParams", `pages reach ${MAX_SKIPPED} devices; use NextToken behind them`);
  const from = () => (cursor === undefined ? {} : { cursor });
  while (left > 0) {
    const skipped = orCloudError(await devices.list(productKey, {}, { limit: Math.min(left, 1_000), ...from() }));
    left -= skipped.items.length;
    cursor = skipped.nextCursor;
    if (cursor === undefined) return { items: [] };
  }
  return orCloudError(await devices.list(productKey, {}, { limit: size, ...from() }));
}

function asked(call: Call): readonly (() => Promise<DeviceRecord>)[] {
  const iotIds = listOf(call.parameters, "IotId");
  const names = iotIds.length > 0 ? [] : listOf(call.parameters, "DeviceName");
  const count = iotIds.length + names.length;
  if (count === 0) throw actionError("iot.device.NoneDeviceNameElement", "DeviceName.N or IotId.N is missing");
  if (count > MAX_STATES) throw actionError("iot.device.DeviceCountExceeded", `at most ${MAX_STATES} devices`);
  if (iotIds.length > 0) return iotIds.map((iotId) => () => findByIotId(call, iotId));
  const productKey = productOf(call);
  return names.map((name) => async () => {
    const found = await call.operators.devices.find(namedDevice(productKey, name));
    return orCloudError(found);
  });
}

function withoutMissing(error: unknown): undefined {
  if (error instanceof CloudError && error.code === "iot.device.NotExistedDevice") return undefined;
  throw error;
}

function showInfo({ device, iotId, status, nickname, createdAtMs }: DeviceRecord): ReplyFields {
  return {
    ProductKey: device.productKey,
    DeviceName: device.deviceName,
    DeviceId: iotId,
    IotId: iotId,
    DeviceStatus: status,
    Nickname: nickname ?? "",
    GmtCreate: gmtText(createdAtMs),
    UtcCreate: utcText(createdAtMs),
  };
}

function showState({ device, iotId, status, lastOnlineAtMs, lastPeer }: DeviceRecord): ReplyFields {
  return {
    DeviceName: device.deviceName,
    DeviceId: iotId,
    IotId: iotId,
    Status: status,
    AsAddress: lastPeer ?? "",
    LastOnlineTime: utcText(lastOnlineAtMs),
  };
}

/** When the device became as it is, as far as is known. */
function changedAtMs({ status, createdAtMs, lastOnlineAtMs, lastOfflineAtMs }: DeviceRecord): number {
  const known = status === "ONLINE" ? lastOnlineAtMs : lastOfflineAtMs;
  return known ?? createdAtMs;
}
