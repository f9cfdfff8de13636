import type { DeviceRef } from "@trine/core/certificate";
import { servicePort } from "../kit/ports/service-port.ts";

/** What a device is asked. */
export interface RrpcRequest {
  readonly payload: Buffer;
  /** Absent: the system topic. Else what stands behind `/ext/rrpc/{messageId}`, with its leading slash. */
  readonly topic?: string;
  /** How long to wait for the answer. */
  readonly timeoutMs: number;
  /** Aborts when nobody waits for the answer any more. */
  readonly signal?: AbortSignal;
}

/**
 * How asking ended.
 *
 * `offline`: the device has no connection. `half_connected`: it has one, and could not be written to, or it did not subscribe to the topic.
 * `busy`: too many wait already. `off`: its product does not have the service.
 */
export type RrpcOutcome =
  | { readonly is: "answered"; readonly messageId: string; readonly payload: Buffer }
  | { readonly is: "timed_out" | "offline" | "half_connected"; readonly messageId: string }
  | { readonly is: "busy" | "off" | "forbidden_topic" | "too_large" };

/** Asks devices and waits for what they say, on whatever node they are (wire-format 6.4). */
export interface RrpcCaller {
  /** @throws when a store cannot answer. */
  call(device: DeviceRef, request: RrpcRequest): Promise<RrpcOutcome>;
}

export const rrpcPort = servicePort<RrpcCaller>("rrpc");
