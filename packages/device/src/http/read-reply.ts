import type { PublishAnswer } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import type { HttpReply } from "./http-exchange.ts";

/**
 * The JSON body of a reply whose code is 0.
 *
 * @throws DeviceError with the code of the body.
 */
export function readSuccess({ status, body }: HttpReply): unknown {
  const parsed = parseJson(body);
  const code = parsed?.code ?? `http ${status}`;
  if (code !== 0) throw new DeviceError(String(code), parsed?.message ?? `the gateway answered with status ${status}`);
  return parsed;
}

/** The answer to a publish (wire-format 4.2). */
export function readPublishAnswer(reply: HttpReply): PublishAnswer {
  const { info } = readSuccess(reply) as { info?: { data?: string } };
  // The id is a bare 64-bit integer: more than JSON.parse can tell apart (wire-format 4.2).
  const messageId = /"messageId":(\d+)/.exec(reply.body.toString())?.[1];
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(info?.data === undefined ? {} : { reply: Buffer.from(info.data, "base64") }),
  };
}

/** A message that was fetched; `undefined` when none came. A refusal has no id in its head. */
export function readMessage(reply: HttpReply): { messageId: string; topic: string; payload: Buffer } | undefined {
  const { status, headers, body } = reply;
  if (status === 204) return undefined;
  const { "x-message-id": messageId, "x-topic": topic } = headers;
  if (typeof messageId === "string" && typeof topic === "string")
    return { messageId, topic: decodeURIComponent(topic), payload: body };
  readSuccess(reply);
  throw new DeviceError(`http ${status}`, "the answer holds no message");
}

function parseJson(body: Buffer): { code?: number; message?: string } | undefined {
  try {
    return JSON.parse(body.toString()) as { code?: number; message?: string };
  } catch {
    return undefined;
  }
}
