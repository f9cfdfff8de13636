import type { DeviceRef } from "../../certificate/names.ts";
import type { Clock } from "../../ports/clock.ts";
import type { Accepted } from "../contracts.ts";
import { thingReply } from "./thing-reply.ts";
import { timeReply } from "./time-reply.ts";

/** What the gateway answers by itself. */
export type Reply = NonNullable<Accepted["reply"]>;

/** When a message came in, and the clock for when it is answered. */
export interface ReplyTime {
  readonly receivedAtMs: number;
  readonly clock: Clock;
}

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
