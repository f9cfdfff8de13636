import { type Grant, type Role, reachesProduct } from "@trine/core/access";
import { type DeviceRef, type ProductKey, parseDeviceName, parseProductKey } from "@trine/core/certificate";
import type { Operators } from "@trine/core/platform";
import type { DeviceRecord } from "@trine/core/ports";
import { type Actor, isProblem } from "@trine/core/registry";
import { actionError, gatewayError } from "./cloud-error.ts";
import { orCloudError } from "./from-problem.ts";
import type { Parameters } from "./parse-form.ts";
import type { ReplyFields } from "./write-reply.ts";

/** One action: who may ask for it, and what it does. Later ones are a row of the table in actions.ts as well. */
export interface Action {
  /** As the route of the REST API demands that does the same. */
  readonly role: Role;
  /** Only for keys that are not limited to products. Others reach what `productOf`, `deviceOf` and `reaches` let them. */
  readonly fleet?: boolean;
  run(call: Call): Promise<ReplyFields>;
}

/** A request that is believed, for an action to answer. */
export interface Call {
  readonly parameters: Parameters;
  readonly grant: Grant;
  readonly actor: Actor;
  readonly operators: Operators;
}

/**
 * The product that `ProductKey` names. Every action that is about a product gets its key from here.
 *
 * @throws CloudError when it is missing, can be no key, or the caller does not reach it: then whether it is there or not.
 */
export function productOf({ parameters, grant }: Pick<Call, "parameters" | "grant">): ProductKey {
  const text = parameters.get("ProductKey");
  if (!text) throw actionError("iot.prod.NullProductKey", "ProductKey is missing");
  if (!reachesProduct(grant, text)) throw gatewayError("Forbidden", "the access key is limited to other products");
  const productKey = parseProductKey(text);
  if (!productKey) throw actionError("iot.prod.NotExistedProduct", "There is no such product");
  return productKey;
}

/**
 * The device that `IotId`, or `ProductKey` and `DeviceName`, name. An iotId wins, as at the vendor's.
 *
 * @throws CloudError as `productOf`; a device of another product looks like none.
 */
export async function deviceOf(call: Call): Promise<DeviceRef> {
  const iotId = call.parameters.get("IotId");
  if (iotId) return (await findByIotId(call, iotId)).device;
  return namedDevice(productOf(call), call.parameters.get("DeviceName"));
}

/** The same, with all that operators see of it. @throws CloudError */
export async function deviceRecordOf(call: Call): Promise<DeviceRecord> {
  const iotId = call.parameters.get("IotId");
  if (iotId) return findByIotId(call, iotId);
  return orCloudError(await call.operators.devices.find(await deviceOf(call)));
}

/** A device of a product by the text of its name; a text that can be none names no device. @throws CloudError */
export function namedDevice(productKey: ProductKey, text: string | undefined): DeviceRef {
  if (!text) throw actionError("iot.device.NullDeviceName", "DeviceName is missing");
  const deviceName = parseDeviceName(text);
  if (!deviceName) throw noDevice();
  return { productKey, deviceName };
}

/** The device of an iotId, unless the caller does not reach it. @throws CloudError */
export async function findByIotId({ operators, grant }: Call, iotId: string): Promise<DeviceRecord> {
  const found = await operators.devices.findByIotId(iotId);
  if (isProblem(found) || !reachesProduct(grant, found.device.productKey)) throw noDevice();
  return found;
}

function noDevice() {
  return actionError("iot.device.NotExistedDevice", "There is no such device");
}
