import type { DeviceRef } from "../../certificate/names.ts";
import { type ParsedObject, parseObject } from "./parse-object.ts";
import { rawMember } from "./raw-member.ts";
import type { Reply } from "./reply.ts";

// wire-format 6.5. `property` is one of the identifiers that an event may have.
const ANSWERED = /^thing\/(?:event\/[^/]+\/post|deviceinfo\/update)$/;

const OK = { code: 200, message: "success" } as const;
const PARAMETER_ERROR = { code: 460, message: "request parameter error" } as const;

/**
 * Answers thing-model posts on `{topic}_reply` (wire-format 6.5): the id comes back as it was sent, type and all; `sys.ack: 0` wants no
 * answer. What is no JSON object, or has no `params`, is in the uplink log all the same and answered 460; where no id can be read the
 * answer has an empty one, since a device waits for some answer.
 */
export function thingReply(
  { productKey, deviceName }: DeviceRef,
  { topic, payload }: { topic: string; payload: Buffer },
): Reply | undefined {
  const prefix = `/sys/${productKey}/${deviceName}/`;
  if (!topic.startsWith(prefix)) return undefined;
  const path = topic.slice(prefix.length);
  if (!ANSWERED.test(path)) return undefined;
  const request = parseObject(payload);
  if (request && wantsNoReply(request)) return undefined;
  const { code, message } = request && Object.hasOwn(request.members, "params") ? OK : PARAMETER_ERROR;
  const id = (request && rawMember(request.text, "id")) ?? '""';
  const method = (request && rawMember(request.text, "method")) ?? JSON.stringify(path.replaceAll("/", "."));
  const body = `{"code":${code},"data":{},"id":${id},"message":"${message}","method":${method},"version":"1.0"}`;
  return { topic: `${topic}_reply`, payload: Buffer.from(body) };
}

function wantsNoReply({ members }: ParsedObject): boolean {
  const sys = members["sys"];
  return typeof sys === "object" && sys !== null && "ack" in sys && sys.ack === 0;
}
