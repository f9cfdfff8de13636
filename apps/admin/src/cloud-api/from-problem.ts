import { isProblem, PROBLEMS, type Problem, type ProblemCode } from "@trine/core/registry";
import { actionError, type CloudError, gatewayError } from "./cloud-error.ts";

const SYSTEM = "iot.system.SystemException";

const CODES = {
  invalid: undefined,
  cursor_invalid: "iot.common.InvalidPageParams",
  product_not_found: "iot.prod.NotExistedProduct",
  product_has_devices: "iot.prod.ProductHasDevices",
  device_not_found: "iot.device.NotExistedDevice",
  name_taken: "iot.device.AlreadyExistedDeviceName",
  batch_not_found: "iot.device.DeviceApplyIsNotFound",
  batch_not_done: "iot.device.CreateDeviceTaskIsRunning",
  batch_not_held: "iot.device.IncorrentDeviceApplyInfo",
  // No action meets these.
  api_key_not_found: SYSTEM,
  access_key_not_found: SYSTEM,
  x509_not_found: SYSTEM,
  x509_taken: SYSTEM,
  package_not_found: SYSTEM,
  batch_packed: SYSTEM,
  receipt_invalid: SYSTEM,
  idempotency_conflict: SYSTEM,
  keys_rotating: SYSTEM,
  nodes_outdated: SYSTEM,
} as const satisfies Record<ProblemCode, `iot.${string}` | undefined>;

/** Fields whose faults have a code of their own. */
const FIELDS = [
  [/^deviceName$/, "iot.device.InvalidFormattedDeviceName"],
  [/^tags$/, "iot.device.InvalidFormattedDevicePropertiesString"],
  [/^topics$/, "iot.messagebroker.TopicTemplateCountExceedMax"],
  [/^topics\.\d+\.suffix$/, "iot.messagebroker.InvalidFormattedTopicName"],
] as const;

/** The outcome, unless it is a "no": that is thrown to the place that writes replies. */
export function orCloudError<T>(outcome: T | Problem): T {
  if (isProblem(outcome)) throw fromProblem(outcome);
  return outcome;
}

function fromProblem({ code, detail, field = "" }: Problem): CloudError {
  const known = CODES[code] ?? FIELDS.find(([pattern]) => pattern.test(field))?.[1];
  return known ? actionError(known, `${PROBLEMS[code].title}: ${detail}`) : gatewayError("InvalidParameter", detail);
}
