import type { DeviceRef } from "@trine/core/certificate";
import type { ServiceHost } from "../../contracts.ts";
import { servicePort } from "../../kit/ports/service-port.ts";
import type { Call, CallStore } from "./call-store.ts";
import { type Asked, createOpenCall, requestOf } from "./open-call.ts";
import { parseAnswer } from "./take-answers.ts";

/** The part of the service `rrpc` that is used here: services do not know each other, and it may not be there. */
interface Rrpc {
  call(
    device: DeviceRef,
    request: { payload: Buffer; topic?: string; timeoutMs: number; signal?: AbortSignal },
  ): Promise<{ readonly is: string; readonly payload?: Buffer }>;
}
const RRPC = servicePort<Rrpc>("rrpc");

/** Why a device could not be asked at once. */
export interface NotAsked {
  readonly why: "offline" | "half_connected" | "busy" | "off" | "forbidden_topic" | "too_large";
}

/** Calls services of devices that are to answer at once (wire-format 6.4, 8.1): over their connection, not by the mailbox. */
export type SyncCalls = (device: DeviceRef, asked: Asked) => Promise<Call | NotAsked | "gone">;

/** The topic of the service itself, which newer SDKs ask for (`ext`), and where nobody did that, the one of the system. */
export function createSyncCalls(
  host: Pick<ServiceHost, "clock" | "random" | "nodeId" | "find">,
  store: CallStore,
): SyncCalls {
  const open = createOpenCall(host, store);

  async function write(device: DeviceRef, call: Call, { timeoutMs, signal }: Asked) {
    const rrpc = host.find(RRPC);
    if (!rrpc) return { is: "off" };
    const { topic, payload } = requestOf(device, call);
    const request = { payload, timeoutMs, signal };
    const outcome = await rrpc.call(device, { ...request, topic });
    return outcome.is === "half_connected" ? rrpc.call(device, request) : outcome;
  }

  return async (device, asked) => {
    // Its answer comes back to the one who asks, whoever else waits.
    const call = await open(device, { ...asked, waitMs: 0 });
    if (call === "gone") return call;
    const { is, payload } = await write(device, call, asked);
    if (is !== "answered" && is !== "timed_out") {
      await store.remove(device, call.callId);
      return { why: is as NotAsked["why"] };
    }
    const answer = payload && parseAnswer(payload);
    if (answer) {
      const { callId: _, ...said } = answer;
      await store.answer(device, call, { ...said, answeredAtMs: host.clock.nowMs() });
    }
    return (await store.find(device, call.callId)) ?? "gone";
  };
}
