import type { Clock } from "../../ports/clock.ts";
import type { Recorder } from "../../ports/recorder.ts";
import { failClosed } from "../recorded.ts";
import { isRefusal } from "../refusal.ts";
import type { Registrar } from "./registrar.ts";

/** Makes a registrar that never throws, and tells every decision: a fault is recorded and becomes `unavailable`. */
export function recordedRegistrar(
  registrar: Registrar,
  { recorder, clock }: { recorder: Recorder; clock: Clock },
): Registrar {
  return {
    async register(request) {
      const began = clock.monotonicMs();
      const outcome = await failClosed("register", recorder, () => registrar.register(request));
      const { transport, peer, device, wants } = request;
      const decided = isRefusal(outcome) ? { code: outcome.code, why: outcome.why } : { code: "ok" };
      recorder.registrationDecided({ transport, peer, device, wants, ...decided, ms: clock.monotonicMs() - began });
      return outcome;
    },
  };
}
