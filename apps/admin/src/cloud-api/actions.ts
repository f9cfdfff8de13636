import { BATCH_ACTIONS } from "./actions/batches.ts";
import { DEVICE_LIST_ACTIONS } from "./actions/device-lists.ts";
import { DEVICE_TAG_ACTIONS } from "./actions/device-tags.ts";
import { DEVICE_ACTIONS } from "./actions/devices.ts";
import { MESSAGE_ACTIONS } from "./actions/messages.ts";
import { PRODUCT_ACTIONS } from "./actions/products.ts";
import { TOPIC_ACTIONS } from "./actions/topics.ts";
import type { Action } from "./call.ts";

/** Every action that is served. A further family is a file in actions/ and a line here. */
export const ACTIONS: ReadonlyMap<string, Action> = new Map(
  Object.entries({
    ...PRODUCT_ACTIONS,
    ...DEVICE_ACTIONS,
    ...DEVICE_LIST_ACTIONS,
    ...BATCH_ACTIONS,
    ...MESSAGE_ACTIONS,
    ...TOPIC_ACTIONS,
    ...DEVICE_TAG_ACTIONS,
  }),
);
