import { findUnstorable } from "@trine/core/messaging";
import type { Reply } from "@trine/core/ports";
import type { ServiceAnswer, ServiceMessage, TopicHandler } from "../../contracts.ts";
import { type ParsedObject, parseObject } from "./parse-object.ts";
import { rawMember } from "./raw-member.ts";

/** What a service says to a request. */
export interface AlinkAnswer extends Pick<ServiceAnswer, "record"> {
  readonly code: number;
  /** Default: `success` with 200. */
  readonly message?: string;
  /** Default `{}`. */
  readonly data?: unknown;
}

/** The answer to what has no `params` or is no JSON object (wire-format 6.5). */
export const PARAMETER_ERROR = { code: 460, message: "request parameter error" } as const;

/** The answer where the product does not have the service: the code is ours, since the vendor has none for it (wire-format 6.6). */
export const SWITCHED_OFF = { code: 403, message: "the service is switched off for this product" } as const;

/**
 * Makes a handler of requests in the vendor's envelope (wire-format 6.5), which are answered on `{topic}_reply`: the id comes back as it was
 * sent, type and all; `sys.ack: 0` wants no answer. What is no JSON object, has no `params`, or has a text in them that no store could give back, is
 * answered 460; where no id can be read the answer has an empty one, since a device waits for some answer.
 *
 * @param work is given the id as a text as well, empty where it is neither text nor number.
 * @param options.switchedOff what is said where the product does not have the service; default 403.
 */
export function alink(
  work: (params: unknown, message: ServiceMessage, requestId: string) => Promise<AlinkAnswer> | AlinkAnswer,
  { switchedOff = SWITCHED_OFF }: { switchedOff?: AlinkAnswer } = {},
): TopicHandler {
  return {
    async serve(message) {
      const request = parseObject(message.payload);
      const params = request && paramsOf(request);
      if (!request || params === undefined) return answerAlink(message, request, PARAMETER_ERROR);
      return answerAlink(message, request, await work(params, message, requestIdOf(request)));
    },
    refuse: (message) => answerAlink(message, parseObject(message.payload), switchedOff),
  };
}

/** Says something to a request; to one that could not be read as well, since a device waits for some answer. */
export function answerAlink(
  message: ServiceMessage,
  request: ParsedObject | undefined,
  said: AlinkAnswer,
): ServiceAnswer {
  return {
    ...(request && wantsNoReply(request) ? {} : { reply: alinkReply(message, request, said) }),
    ...(said.record ? { record: said.record } : {}),
    code: String(said.code),
  };
}

/** The id as a text, for messages to applications (wire-format 9.3). */
function requestIdOf({ members: { id } }: ParsedObject): string {
  return (typeof id === "string" && !findUnstorable(id)) || typeof id === "number" ? String(id) : "";
}

function paramsOf({ members }: ParsedObject): unknown {
  const params = Object.hasOwn(members, "params") ? members["params"] : undefined;
  return findUnstorable(params) ? undefined : params;
}

function alinkReply(
  { topic, device: { productKey, deviceName } }: ServiceMessage,
  request: ParsedObject | undefined,
  { code, message = "success", data = {} }: AlinkAnswer,
): Reply {
  const names = `/${productKey}/${deviceName}/`;
  const path = topic.slice(topic.indexOf(names) + names.length);
  const id = (request && rawMember(request.text, "id")) ?? '""';
  const method = (request && rawMember(request.text, "method")) ?? JSON.stringify(path.replaceAll("/", "."));
  const body = `{"code":${code},"data":${JSON.stringify(data)},"id":${id},"message":${JSON.stringify(message)},"method":${method},"version":"1.0"}`;
  return { topic: `${topic}_reply`, payload: Buffer.from(body) };
}

function wantsNoReply({ members }: ParsedObject): boolean {
  const sys = members["sys"];
  return typeof sys === "object" && sys !== null && "ack" in sys && sys.ack === 0;
}
