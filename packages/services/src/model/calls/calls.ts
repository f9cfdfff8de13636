import { isRefusal, type Refusal } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { ServiceHost } from "../../contracts.ts";
import type { Call, CallAnswer, CallStore } from "./call-store.ts";
import { type Asked, createOpenCall, requestOf } from "./open-call.ts";

type Host = Pick<ServiceHost, "nodeId" | "downlink" | "clock" | "timer" | "random" | "recorder" | "tell">;

/** Asks devices to do something, and knows what they answered. */
export interface Calls {
  /** @returns the call as it is when the answer is there, or the wait is over; `gone` when there is no such device. */
  ask(device: DeviceRef, asked: Asked): Promise<Call | Refusal | "gone">;
  /**
   * A device answers. @returns whether it was asked that.
   * @throws when a store cannot answer.
   */
  answered(device: DeviceRef, of: Pick<Call, "callId" | "service">, answer: CallAnswer): Promise<boolean>;
  find(device: DeviceRef, callId: number): Promise<Call | undefined>;
  /** The answer that somebody waits for here came in on another node. */
  told(body: string): void;
}

/** Makes calls over the mailbox: they reach a device on whatever node, and its answer reaches who waits on whatever node. */
export function createCalls(host: Host, store: CallStore): Calls {
  const waiting = new Map<string, () => void>();
  const open = createOpenCall(host, store);

  /** Resolves when the answer is there, the wait is over or the caller is gone. */
  function untilAnswered(key: string, { waitMs, signal }: Asked): { answered: Promise<void>; stop(): void } {
    let stop = () => {};
    const answered = new Promise<void>((resolve) => {
      const stopTimer = host.timer.after(waitMs, () => stop());
      stop = () => {
        stopTimer();
        waiting.delete(key);
        signal.removeEventListener("abort", stop);
        resolve();
      };
      signal.addEventListener("abort", stop, { once: true });
      waiting.set(key, stop);
    });
    return { answered, stop: () => stop() };
  }

  async function send(device: DeviceRef, call: Call, { timeoutMs }: Asked) {
    return host.downlink.send(device, { ...requestOf(device, call), qos: 1, ttlMs: timeoutMs });
  }

  return {
    async ask(device, asked) {
      const call = await open(device, asked);
      if (call === "gone") return call;
      // Before it is sent: an answer may be faster than the way back from the mailbox.
      const wait = asked.waitMs > 0 ? untilAnswered(keyOf(device, call.callId), asked) : undefined;
      try {
        const sent = await send(device, call, asked);
        if (isRefusal(sent)) {
          await store.remove(device, call.callId);
          return sent;
        }
        if (!wait) return call;
        await wait.answered;
        return (await store.find(device, call.callId)) ?? "gone";
      } finally {
        wait?.stop();
      }
    },
    async answered(device, of, answer) {
      const known = await store.answer(device, of, answer);
      if (known?.waitingNode === undefined) return known !== undefined;
      const key = keyOf(device, of.callId);
      if (known.waitingNode === host.nodeId) waiting.get(key)?.();
      // Who waits looks for the answer at the end of the wait in any case; the device need not wait for that.
      else host.tell(known.waitingNode, key).catch((error: unknown) => host.recorder.fault("model_call_told", error));
      return true;
    },
    find: (device, callId) => store.find(device, callId),
    told(body) {
      waiting.get(body)?.();
    },
  };
}

function keyOf(device: DeviceRef, callId: number): string {
  return `${deviceKey(device)}/${callId}`;
}
