import { refuse } from "../../auth/refusal.ts";
import type { DeviceRef } from "../../certificate/names.ts";
import type { Rates } from "../../guard/rates.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DeviceServices } from "../../ports/device-services.ts";
import type { UplinkLog, UplinkMessage } from "../../ports/uplink-log.ts";
import type { Uplink } from "../contracts.ts";
import type { InFlight } from "../in-flight.ts";
import type { MessageIds } from "../message-id.ts";
import { mayPublish } from "../topics/topic-policy.ts";

/** The transport of what the gateway itself announces. */
const GATEWAY = "gateway";

interface Deps {
  readonly uplinkLog: Pick<UplinkLog, "append">;
  readonly messageIds: MessageIds;
  readonly clock: Clock;
  readonly underWay: InFlight;
  readonly maxPayloadBytes: number;
  readonly rates: Pick<Rates, "takeUplink">;
  readonly services: Pick<DeviceServices, "serves" | "serve">;
}

/** Takes what devices send: judged, served, durable, then answered. */
export function createUplink(deps: Deps): Uplink {
  const { uplinkLog, messageIds, clock, underWay, maxPayloadBytes, rates, services } = deps;

  return {
    async accept(session, { topic, payload, qos, messageId: known, pace, carrier }) {
      if (!mayPublish(session, topic) && !services.serves(session.device, topic))
        return refuse("forbidden_topic", "not a topic that the device may publish on");
      if (payload.length > maxPayloadBytes) return refuse("too_large", `${payload.length} bytes`);
      const waitMs = rates.takeUplink(session.device, { qos, waits: qos === 1 && pace !== undefined });
      if (waitMs > 0) {
        if (qos === 0 || !pace)
          return refuse("throttled", "over the messages of its device or product", { retryAfterMs: waitMs });
        if (!(await pace(waitMs)))
          return refuse("unavailable", "the connection ended while the message waited for its turn");
      }
      const messageId = known ?? messageIds.next();
      const receivedAtMs = clock.nowMs();
      const { device, transport } = session;
      const message = { ...device, messageId, topic, payload, qos, transport, receivedAtMs };
      const served = await underWay.run(device, async () => {
        const done = await services.serve(session, message, carrier);
        await uplinkLog.append({ ...message, ...done?.record }, { once: known !== undefined });
        return done;
      });
      return served?.reply ? { messageId, reply: served.reply } : { messageId };
    },
    async announce(device, topic, body) {
      await uplinkLog.append(announcement(device, messageIds.next(), { topic, body }));
    },
    async announceOnce(device, messageId, told) {
      await uplinkLog.append(announcement(device, messageId, told), { once: true });
    },
  };

  function announcement(
    device: DeviceRef,
    messageId: string,
    { topic, body }: { topic: string; body: unknown },
  ): UplinkMessage {
    const payload = Buffer.from(JSON.stringify(body));
    return { ...device, messageId, topic, payload, qos: 1, transport: GATEWAY, receivedAtMs: clock.nowMs() };
  }
}
