import { refuse } from "../auth/refusal.ts";
import type { Clock } from "../ports/clock.ts";
import type { UplinkLog } from "../ports/uplink-log.ts";
import type { Uplink } from "./contracts.ts";
import type { MessageIds } from "./message-id.ts";
import { replyTo } from "./replies/reply-to.ts";
import { mayPublish } from "./topics/topic-policy.ts";

/** The transport of what the gateway itself announces. */
const GATEWAY = "gateway";

interface Deps {
  readonly uplinkLog: Pick<UplinkLog, "append">;
  readonly messageIds: MessageIds;
  readonly clock: Clock;
  readonly maxPayloadBytes: number;
}

/** Takes what devices send: judged, durable, then answered. */
export function createUplink({ uplinkLog, messageIds, clock, maxPayloadBytes }: Deps): Uplink {
  return {
    async accept(session, { topic, payload, qos }) {
      if (!mayPublish(session, topic)) return refuse("forbidden_topic", "not a topic that the device may publish on");
      if (payload.length > maxPayloadBytes) return refuse("too_large", `${payload.length} bytes`);
      const messageId = messageIds.next();
      const receivedAtMs = clock.nowMs();
      const { device, transport } = session;
      await uplinkLog.append({ ...device, messageId, topic, payload, qos, transport, receivedAtMs });
      const reply = replyTo(session.device, { topic, payload }, { receivedAtMs, clock });
      return reply ? { messageId, reply } : { messageId };
    },
    async announce(device, topic, body) {
      await uplinkLog.append({
        ...device,
        messageId: messageIds.next(),
        topic,
        payload: Buffer.from(JSON.stringify(body)),
        qos: 1,
        transport: GATEWAY,
        receivedAtMs: clock.nowMs(),
      });
    },
  };
}
