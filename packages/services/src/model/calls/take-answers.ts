import { findUnstorable } from "@trine/core/messaging";
import type { ServiceAnswer, ServiceMessage, TopicHandler } from "../../contracts.ts";
import { parseObject } from "../../kit/alink/parse-object.ts";
import { isTooLarge } from "../posts/value-size.ts";
import type { CallAnswer } from "./call-store.ts";
import type { Calls } from "./calls.ts";

const REPLY = "_reply";
const MOST_MESSAGE_CHARS = 1_000;
const ID = /^\d{1,10}$/;

/** An answer of a device as it sent it. */
interface ParsedAnswer extends Omit<CallAnswer, "answeredAtMs"> {
  readonly callId: number;
}

/**
 * Takes what devices answer on `thing/service/…_reply` (wire-format 8.1): what answers a call is told to applications as
 * `thing/downlink/reply/message` (wire-format 9.3); anything else stays in the uplink log as it came.
 */
export function takeAnswers({ answered }: Pick<Calls, "answered">): TopicHandler {
  return {
    async serve(message) {
      const path = message.open.at(-1) ?? "";
      const answer = path.endsWith(REPLY) ? parseAnswer(message.payload) : undefined;
      if (!answer) return { code: "no_answer" };
      const { callId, ...said } = answer;
      const service = path.slice(0, -REPLY.length);
      const isKnown = await answered(
        message.device,
        { callId, service },
        { ...said, answeredAtMs: message.receivedAtMs },
      );
      return isKnown ? { code: "answer", record: recordOf(message, answer, service) } : { code: "no_call" };
    },
    refuse: () => ({ code: "off" }),
  };
}

/** Reads an answer in the vendor's envelope (wire-format 6.5); the id is text or number. */
export function parseAnswer(payload: Buffer): ParsedAnswer | undefined {
  const members = parseObject(payload)?.members;
  if (!members || findUnstorable(members)) return undefined;
  const { id, code, data = {}, message = "" } = members;
  if (!ID.test(String(id)) || !Number.isSafeInteger(code) || typeof message !== "string" || isTooLarge(data))
    return undefined;
  return { callId: Number(id), code: code as number, data, message: message.slice(0, MOST_MESSAGE_CHARS) };
}

function recordOf(
  { device, session: { iotId }, receivedAtMs }: ServiceMessage,
  { callId, code, message, data }: ParsedAnswer,
  service: string,
): NonNullable<ServiceAnswer["record"]> {
  const { productKey, deviceName } = device;
  const base = `/${productKey}/${deviceName}/thing`;
  const body = {
    gmtCreate: receivedAtMs,
    iotId,
    productKey,
    deviceName,
    requestId: String(callId),
    code,
    message,
    topic: `/sys${base}/service/${service}`,
    data,
  };
  return { topic: `${base}/downlink/reply/message`, payload: Buffer.from(JSON.stringify(body)) };
}
