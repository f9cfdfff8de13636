import { createHash } from "node:crypto";
import { reachesProduct } from "@trine/core/access";
import type { ProductKey } from "@trine/core/certificate";
import type { BatchRecord } from "@trine/core/ports";
import { type BatchRequest, isProblem } from "@trine/core/registry";
import { type Action, type Call, productOf } from "../call.ts";
import { actionError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { listOf, pageOf, requireText } from "../read-parameters.ts";
import type { ReplyFields } from "../write-reply.ts";

/** As the vendor's, for one request: devices without a name, and with one. */
const MAX_DRAWN = 1_000;
const MAX_NAMED = 10_000;

/** Has devices registered in the background, under names that are drawn. */
const batchRegisterDevice: Action = {
  role: "operator",
  async run(call) {
    const productKey = productOf(call);
    const text = call.parameters.get("Count") ?? "";
    const count = /^\d{1,9}$/.test(text) ? Number(text) : 0;
    if (count < 1 || count > MAX_DRAWN)
      throw actionError("iot.device.DeviceCountExceeded", `Count is a number from 1 to ${MAX_DRAWN}`);
    const lines = Array.from({ length: count }, (_, index) => ({ line: index + 1 }));
    return { Data: { ApplyId: await createBatch(call, productKey, { lines }) } };
  },
};

/** Checks names and keeps them, for BatchRegisterDeviceWithApplyId within a day. */
const batchCheckDeviceNames: Action = {
  role: "operator",
  async run(call) {
    const productKey = productOf(call);
    const names = namesOf(call);
    if (names.length === 0) throw actionError("iot.device.NoneDeviceNameElement", "DeviceName.N is missing");
    if (names.length > MAX_NAMED) throw actionError("iot.device.DeviceCountExceeded", `at most ${MAX_NAMED} names`);
    const applyId = await createBatch(call, productKey, { lines: names, held: true });
    const { errors } = orCloudError(await call.operators.batches.find(String(applyId)));
    if (errors.length === 0) return { Data: { ApplyId: applyId } };
    return { Data: { ApplyId: applyId, InvalidDeviceNameList: { InvalidDeviceName: wrongNames(errors) } } };
  },
};

const batchRegisterDeviceWithApplyId: Action = {
  role: "operator",
  async run(call) {
    const { batchId } = await batchOf(call, productOf(call));
    const outcome = await call.operators.batches.release(call.actor, batchId);
    if (isProblem(outcome)) orCloudError(outcome);
    return { Data: { ApplyId: Number(batchId) } };
  },
};

const queryBatchRegisterDeviceStatus: Action = {
  role: "viewer",
  async run(call) {
    const { status, failed, errors } = await batchOf(call, productOf(call));
    const isGood = failed === 0;
    const shown = {
      held: isGood ? "CHECK_SUCCESS" : "CHECK_FAILED",
      pending: "CREATE",
      running: "CREATE",
      done: isGood ? "CREATE_SUCCESS" : "CREATE_FAILED",
    } as const;
    return { Data: { Status: shown[status], InvalidList: { Name: wrongNames(errors) } } };
  },
};

/** With the secrets, so it is for admins and in the audit log, as the certificates of a batch are in the REST API. */
const queryPageByApplyId: Action = {
  role: "admin",
  async run(call) {
    const { page, size } = pageOf(call.parameters, { size: 10, most: 50 });
    const batch = await batchOf(call);
    const { batches } = call.operators;
    const certificates = orCloudError(await batches.certificates(call.actor, batch.batchId));
    const listed: ReplyFields[] = [];
    let at = 0;
    for await (const { deviceSecret, ...device } of certificates) {
      at += 1;
      if (at <= (page - 1) * size) continue;
      if (at > page * size) break;
      const { iotId } = orCloudError(await call.operators.devices.find(device));
      const names = { DeviceName: device.deviceName, DeviceId: iotId, IotId: iotId };
      listed.push({ ...names, DeviceSecret: deviceSecret.reveal() });
    }
    return {
      Page: page,
      PageSize: size,
      PageCount: Math.ceil(batch.done / size),
      Total: batch.done,
      ApplyDeviceList: { ApplyDeviceInfo: listed },
    };
  },
};

/** Many devices at once (wire-format 9.1). An ApplyId is the number of a batch. */
export const BATCH_ACTIONS = {
  BatchRegisterDevice: batchRegisterDevice,
  BatchCheckDeviceNames: batchCheckDeviceNames,
  BatchRegisterDeviceWithApplyId: batchRegisterDeviceWithApplyId,
  QueryBatchRegisterDeviceStatus: queryBatchRegisterDeviceStatus,
  QueryPageByApplyId: queryPageByApplyId,
} as const;

async function createBatch(
  { actor, operators }: Call,
  productKey: ProductKey,
  { lines, held }: Pick<BatchRequest, "lines" | "held">,
): Promise<number> {
  const fingerprint = createHash("sha256").update(JSON.stringify(lines)).digest("hex");
  const asked = { lines, fingerprint, numbered: true, ...(held ? { held } : {}) };
  const { batchId } = orCloudError(await operators.batches.create(actor, productKey, asked));
  return Number(batchId);
}

/** The batch that `ApplyId` names: of `productKey` when it is given, and of a product that the caller reaches. */
async function batchOf({ parameters, operators, grant }: Call, productKey?: string): Promise<BatchRecord> {
  const applyId = requireText(parameters, "ApplyId", "iot.device.NullApplyId");
  if (!/^[1-9]\d{0,14}$/.test(applyId))
    throw actionError("iot.device.InvalidFormattedApplyId", "ApplyId is a number of at most 15 digits");
  const batch = orCloudError(await operators.batches.find(applyId));
  if (reachesProduct(grant, batch.productKey) && (productKey ?? batch.productKey) === batch.productKey) return batch;
  throw actionError("iot.device.DeviceApplyIsNotFound", "There is no such batch");
}

/** `DeviceNameList.N` with nicknames, or `DeviceName.N`. */
function namesOf({ parameters }: Call): BatchRequest["lines"] {
  const listed = listOf(parameters, "DeviceNameList", "DeviceName");
  const names = listed.length > 0 ? listed : listOf(parameters, "DeviceName");
  return names.map((deviceName, index) => {
    const line = index + 1;
    const nickname = parameters.get(`DeviceNameList.${line}.DeviceNickname`);
    return { line, deviceName, ...(nickname ? { nickname } : {}) };
  });
}

function wrongNames(errors: BatchRecord["errors"]): string[] {
  return [...new Set(errors.map(({ deviceName }) => deviceName))];
}
