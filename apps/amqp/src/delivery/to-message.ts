import type { UplinkItem } from "@trine/core/ports";
import rhea, { type Message } from "rhea";

/**
 * A message of the log as an application gets it (wire-format 9.2): the topic and its companions among the application properties, the payload as
 * one data section.
 *
 * @param isBase64 the application asked for text: the body is base64 then.
 */
export function toMessage({ messageId, topic, payload, qos, receivedAtMs }: UplinkItem, isBase64: boolean): Message {
  const body = isBase64 ? Buffer.from(payload.toString("base64")) : payload;
  return {
    message_id: messageId,
    application_properties: {
      topic,
      messageId,
      // A number of JavaScript would become whatever type it fits in; clients of other languages ask for one.
      generateTime: rhea.types.wrap_long(receivedAtMs),
      qos: rhea.types.wrap_int(qos),
    },
    body: rhea.message.data_section(body),
  };
}
