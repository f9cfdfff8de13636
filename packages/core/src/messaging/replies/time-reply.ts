import type { DeviceRef } from "../../certificate/names.ts";
import { parseObject } from "./parse-object.ts";
import { rawMember } from "./raw-member.ts";
import type { Reply, ReplyTime } from "./reply.ts";

/** Answers a device that asks for the time (wire-format 6.3). `deviceSendTime` is echoed with its type; without one there is no answer. */
export function timeReply(
  { productKey, deviceName }: DeviceRef,
  { topic, payload }: { topic: string; payload: Buffer },
  { receivedAtMs, clock }: ReplyTime,
): Reply | undefined {
  const base = `/ext/ntp/${productKey}/${deviceName}`;
  if (topic !== `${base}/request`) return undefined;
  const request = parseObject(payload);
  const sentAt = request && rawMember(request.text, "deviceSendTime");
  if (sentAt === undefined) return undefined;
  const body = `{"deviceSendTime":${sentAt},"serverRecvTime":"${receivedAtMs}","serverSendTime":"${clock.nowMs()}"}`;
  return { topic: `${base}/response`, payload: Buffer.from(body) };
}
