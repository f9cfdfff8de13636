import type { DeviceRef } from "../../certificate/names.ts";
import { parseObject } from "./parse-object.ts";
import { rawMember } from "./raw-member.ts";
import type { Reply } from "./reply-to.ts";

// wire-format 6.5. `property` is one of the identifiers that an event may have.
const ANSWERED = /^thing\/(?:event\/[^/]+\/post|deviceinfo\/update)$/;

const OK = { code: 200, message: "success" } as const;
const PARAMETER_ERROR = { code: 460, message: "request parameter error" } as const;

/**
 * Answers thing-model posts on `{topic}_reply` (wire-format 6.5): the id comes back as it was sent, type and all; `sys.ack: 0` wants no
 * answer. What is not JSON is answered 460 with an empty id, since a device waits for some answer.
 */
export function thingReply(
  { productKey, deviceName }: DeviceRef,
  { topic, payload }: { topic: string; payload: Buffer },
): Reply | undefined {
  const prefix = `/sys/${productKey}/${deviceName}/`;
  if (!topic.startsWith(prefix)) return undefined;
  const path = topic.slice(prefix.length);
  if (!ANSWERED.test(path)) return undefined;
  const text = payload.toString("utf8");
  const request = parseObject(text);
  if (wantsNoReply(request)) return undefined;
  const { code, message } = request && "params" in request ? OK : PARAMETER_ERROR;
  const id = (request && rawMember(text, "id")) ?? '""';
  const method = (request && rawMember(text, "method")) ?? JSON.stringify(path.replaceAll("/", "."));
  const body = `{"code":${code},"data":{},"id":${id},"message":"${message}","method":${method},"version":"1.0"}`;
  return { topic: `${topic}_reply`, payload: Buffer.from(body) };
}

function wantsNoReply(request: Readonly<Record<string, unknown>> | undefined): boolean {
  const sys = request?.["sys"];
  return typeof sys === "object" && sys !== null && "ack" in sys && sys.ack === 0;
}
