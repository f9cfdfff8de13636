import type { ServiceMessage } from "../../contracts.ts";
import type { Model } from "../tsl/compile-model.ts";
import type { Judged, Wrong } from "./judge.ts";
import type { Posted } from "./posted.ts";

/** What applications read (wire-format 9.3). */
export interface ModelRecord {
  readonly topic: string;
  readonly body: unknown;
}

type Sender = Pick<ServiceMessage, "session" | "receivedAtMs">;

/** Properties that came together. `checkFailedData` is there when some are wrong. */
export function propertiesRecord(sender: Sender, requestId: string, { kept, wrong }: Judged): ModelRecord {
  const items = byName(kept, ({ value, atMs }) => ({ value, time: atMs }));
  const failed = byName(wrong, ({ value, atMs, code, message }) => ({ value, time: atMs, code, message }));
  return record(sender, "property", {
    requestId,
    // The vendor's category of the product, which Trine does not know.
    deviceType: "None",
    items,
    ...(wrong.length > 0 ? { checkFailedData: failed } : {}),
  });
}

/** An event. What the model does not have is called by its identifier. */
export function eventRecord(
  sender: Sender,
  requestId: string,
  { event, model, wrong }: { event: Posted; model: Model; wrong: readonly Wrong[] },
): ModelRecord {
  const { identifier, value, atMs } = event;
  const { name, type } = model.events.get(identifier) ?? { name: identifier, type: "info" };
  const failed = wrong.find((one) => one.identifier === identifier && one.value === value);
  return record(sender, identifier, {
    identifier,
    name,
    type,
    requestId,
    value,
    time: atMs,
    ...(failed ? { checkFailedData: { code: failed.code, message: failed.message } } : {}),
  });
}

/** Wrong values for the device: code and reason of each. */
export function wrongData(wrong: readonly Wrong[]): Readonly<Record<string, unknown>> {
  return byName(wrong, ({ code, message }) => ({ code, message }));
}

function record(
  { session: { device, iotId }, receivedAtMs }: Sender,
  event: string,
  body: Readonly<Record<string, unknown>>,
): ModelRecord {
  const { productKey, deviceName } = device;
  return {
    topic: `/${productKey}/${deviceName}/thing/event/${event}/post`,
    body: { iotId, productKey, deviceName, gmtCreate: receivedAtMs, ...body },
  };
}

/** Not by assignment: a device may call a property `__proto__`. */
function byName<Item extends Posted>(
  items: readonly Item[],
  show: (item: Item) => unknown,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(items.map((item) => [item.identifier, show(item)]));
}
