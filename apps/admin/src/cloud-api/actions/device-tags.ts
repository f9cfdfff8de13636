import { isProblem } from "@trine/core/registry";
import { type Action, deviceOf, deviceRecordOf } from "../call.ts";
import { actionError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { requireText } from "../read-parameters.ts";

const saveDeviceProp: Action = {
  role: "operator",
  async run(call) {
    const device = await deviceOf(call);
    const props = parseProps(requireText(call.parameters, "Props", "iot.device.NullDevicePropertiesString"));
    const outcome = await call.operators.devices.changeTags(call.actor, device, { set: props });
    if (isProblem(outcome)) orCloudError(outcome);
    return {};
  },
};

const queryDeviceProp: Action = {
  role: "viewer",
  run: async (call) => ({ Props: JSON.stringify((await deviceRecordOf(call)).tags) }),
};

/** Deleting what is not there is no error [inferred]. */
const deleteDeviceProp: Action = {
  role: "operator",
  async run(call) {
    const device = await deviceOf(call);
    const key = requireText(call.parameters, "PropKey", "iot.device.NullDevicePropertyKey");
    const outcome = await call.operators.devices.changeTags(call.actor, device, { remove: [key] });
    if (isProblem(outcome)) orCloudError(outcome);
    return {};
  },
};

/** What the vendor calls tags or properties of a device (wire-format 9.1): Trine's tags. */
export const DEVICE_TAG_ACTIONS = {
  SaveDeviceProp: saveDeviceProp,
  QueryDeviceProp: queryDeviceProp,
  DeleteDeviceProp: deleteDeviceProp,
} as const;

function parseProps(text: string): Readonly<Record<string, string>> {
  const pairs = Object.entries(parseObject(text));
  if (pairs.length === 0) throw actionError("iot.device.NoneDeviceProperties", "Props names no property");
  // Numbers and booleans become the text that they are.
  const texts = pairs.map(([name, value]) => [name, typeof value === "object" ? JSON.stringify(value) : String(value)]);
  return Object.fromEntries(texts) as Record<string, string>;
}

function parseObject(text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Told below.
  }
  throw actionError("iot.device.InvalidFormattedDevicePropertiesString", "Props is not a JSON object");
}
