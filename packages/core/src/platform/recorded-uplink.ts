import { isRefusal, refuse } from "../auth/refusal.ts";
import type { Uplink } from "../messaging/contracts.ts";
import type { Clock } from "../ports/clock.ts";
import type { Recorder } from "../ports/recorder.ts";

/** Makes an uplink whose `accept` never throws, and tells every decision: a fault is recorded and becomes `unavailable`. */
export function recordedUplink(uplink: Uplink, { recorder, clock }: { recorder: Recorder; clock: Clock }): Uplink {
  return {
    async accept(session, publish) {
      const began = clock.monotonicMs();
      const outcome = await uplink.accept(session, publish).catch((error: unknown) => {
        recorder.fault("uplink", error);
        return refuse("unavailable", "fault");
      });
      recorder.uplinkDecided({
        transport: session.transport,
        qos: publish.qos,
        code: isRefusal(outcome) ? outcome.code : "ok",
        bytes: publish.payload.length,
        ms: clock.monotonicMs() - began,
      });
      return outcome;
    },
    announce: (device, topic, body) => uplink.announce(device, topic, body),
    announceOnce: (device, messageId, told) => uplink.announceOnce(device, messageId, told),
  };
}
