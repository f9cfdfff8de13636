import { isRefusal, REFUSALS, type RefusalCode } from "@trine/core/auth";
import type { DeviceRef } from "@trine/core/certificate";
import { decodeBase64 } from "@trine/services/rest";
import { MESSAGE_TTL_SECONDS } from "../../schema/messages.ts";
import { type Action, type Call, namedDevice, productOf } from "../call.ts";
import { actionError } from "../cloud-error.ts";
import { orCloudError } from "../from-problem.ts";
import { requireText, wholeNumber } from "../read-parameters.ts";

/** Refusals that have a code of their own; every other one is `PublishMessageFailed`. */
const REFUSAL_CODES: Partial<Record<RefusalCode, `iot.${string}`>> = {
  mailbox_full: "iot.messagebroker.RateLimit",
  throttled: "iot.messagebroker.RateLimit",
};

/** Sends a message to the device whose topic it is. */
const pub: Action = {
  role: "operator",
  async run(call) {
    const { parameters, operators } = call;
    const topic = requireText(parameters, "TopicFullName", "iot.messagebroker.NullTopicName");
    const device = deviceOfTopic(call, topic);
    const content = parameters.get("MessageContent");
    if (content === undefined) throw actionError("iot.messagebroker.NullMessageContent", "MessageContent is missing");
    const payload = decodeBase64(content);
    if (!payload)
      throw actionError("iot.messagebroker.MessageContentIsNotBase64Encode", "MessageContent is not base64");
    const qos = wholeNumber(parameters, "Qos", 0, 1) === 1 ? 1 : 0;
    orCloudError(await operators.devices.find(device));
    const sent = await operators.downlink.send(device, { topic, payload, qos, ttlMs: MESSAGE_TTL_SECONDS * 1_000 });
    if (isRefusal(sent)) {
      const code = REFUSAL_CODES[sent.code] ?? "iot.messagebroker.PublishMessageFailed";
      throw actionError(code, REFUSALS[sent.code].say);
    }
    return { MessageId: sent.messageId };
  },
};

/** Messages to devices (wire-format 9.1). */
export const MESSAGE_ACTIONS = { Pub: pub } as const;

/** The device is what follows the ProductKey in its topic: `/{pk}/{dn}/...`, `/sys/{pk}/{dn}/...`, `/shadow/get/{pk}/{dn}` (wire-format 6). */
function deviceOfTopic(call: Call, topic: string): DeviceRef {
  const productKey = productOf(call);
  const levels = topic.split("/");
  const at = levels.indexOf(productKey);
  if (levels[0] === "" && at > 0) return namedDevice(productKey, levels[at + 1]);
  throw actionError("iot.messagebroker.InvalidFormattedTopicName", "the topic does not name a device of the product");
}
