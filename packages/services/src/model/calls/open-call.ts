import type { DeviceRef } from "@trine/core/certificate";
import type { ServiceHost } from "../../contracts.ts";
import type { Call, CallStore } from "./call-store.ts";

/** How often an id is drawn that the device has already: one in four thousand million each time. */
const DRAWS = 5;

/** What is asked of a device. */
export interface Asked {
  /** What follows `thing/service/`. */
  readonly service: string;
  readonly params: unknown;
  /** How long the request waits for a device that is not connected, and for its answer. */
  readonly timeoutMs: number;
  /** How long the caller waits for the answer; 0: not at all. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
}

/** Makes what notes a call before it is sent, under an id that the device does not have yet. */
export function createOpenCall(
  { clock, random, nodeId }: Pick<ServiceHost, "clock" | "random" | "nodeId">,
  store: CallStore,
) {
  return async (device: DeviceRef, { service, params, timeoutMs, waitMs }: Asked): Promise<Call | "gone"> => {
    const createdAtMs = clock.nowMs();
    for (let draw = 0; draw < DRAWS; draw += 1) {
      const callId = random.bytes(4).readUInt32BE();
      const call = { callId, service, params, createdAtMs, expiresAtMs: createdAtMs + timeoutMs };
      const opened = await store.open(device, { ...call, waitingNode: waitMs > 0 ? nodeId : undefined });
      if (opened === "gone") return opened;
      if (opened) return { ...call, answer: undefined };
    }
    throw new Error("no free id was drawn");
  };
}

/** A call as the device gets it, in the vendor's envelope (wire-format 6.5, 8.1). */
export function requestOf({ productKey, deviceName }: DeviceRef, { callId, service, params }: Call) {
  const method = `thing.service.${service.replaceAll("/", ".")}`;
  return {
    topic: `/sys/${productKey}/${deviceName}/thing/service/${service}`,
    payload: Buffer.from(JSON.stringify({ id: String(callId), version: "1.0", params, method })),
  };
}
