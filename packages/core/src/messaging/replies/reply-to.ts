import type { DeviceRef } from "../../certificate/names.ts";
import type { Reply, ReplyTime } from "./reply.ts";
import { thingReply } from "./thing-reply.ts";
import { timeReply } from "./time-reply.ts";

/**
 * Works out the gateway's own answer to a message that is in the uplink log; most messages have none.
 */
export function replyTo(
  device: DeviceRef,
  message: { topic: string; payload: Buffer },
  time: ReplyTime,
): Reply | undefined {
  return thingReply(device, message) ?? timeReply(device, message, time);
}
