import type { ServiceAnswer, ServiceMessage, TopicHandler } from "../contracts.ts";
import { parseObject } from "../kit/alink/parse-object.ts";

/**
 * Makes a handler whose messages go into the uplink log without the signatures in them: these never lapse (wire-format 0.3), and a log that
 * many read is no place for them.
 */
export function hidingSigns({ serve, refuse }: TopicHandler): TopicHandler {
  const hidden = (message: ServiceMessage, answer: ServiceAnswer | undefined): ServiceAnswer => ({
    code: "malformed",
    ...answer,
    record: { topic: message.topic, payload: withoutSigns(message.payload) },
  });
  return {
    serve: async (message) => hidden(message, await serve(message)),
    refuse: (message) => hidden(message, refuse(message)),
  };
}

/** What cannot be read is not kept at all. */
function withoutSigns(payload: Buffer): Buffer {
  const request = parseObject(payload);
  const hide = (name: string, value: unknown) => (name === "sign" ? undefined : value);
  return Buffer.from(request ? JSON.stringify(request.members, hide) : "");
}
