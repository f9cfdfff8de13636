import { isRefusal, type Refusal } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { ServiceHost } from "../../contracts.ts";
import type { Call, CallAnswer, CallStore } from "./call-store.ts";

/** How often an id is drawn that the device has already: one in four thousand million each time. */
const DRAWS = 5;

type Host = Pick<ServiceHost, "nodeId" | "downlink" | "clock" | "timer" | "random" | "recorder" | "tell">;

/** What is asked of a device. */
interface Asked {
  /** What follows `thing/service/`. */
  readonly service: string;
  readonly params: unknown;
  /** How long the request waits for a device that is not connected, and for its answer. */
  readonly timeoutMs: number;
  /** How long the caller waits for the answer; 0: not at all. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

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

  async function open(device: DeviceRef, { service, params, timeoutMs, waitMs }: Asked): Promise<Call | "gone"> {
    const createdAtMs = host.clock.nowMs();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const callId = host.random.bytes(4).readUInt32BE();
      const call = { callId, service, params, createdAtMs, expiresAtMs: createdAtMs + timeoutMs };
      const opened = await store.open(device, { ...call, waitingNode: waitMs > 0 ? host.nodeId : undefined });
      if (opened === "gone") return opened;
      if (opened) return { ...call, answer: undefined };
    }
    throw new Error("no free id was drawn");
  }

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

  async function send(device: DeviceRef, { callId, service }: Call, { params, timeoutMs }: Asked) {
    const { productKey, deviceName } = device;
    const method = `thing.service.${service.replaceAll("/", ".")}`;
    const body = { id: String(callId), version: "1.0", params, method };
    return host.downlink.send(device, {
      topic: `/sys/${productKey}/${deviceName}/thing/service/${service}`,
      payload: Buffer.from(JSON.stringify(body)),
      qos: 1,
      ttlMs: timeoutMs,
    });
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
