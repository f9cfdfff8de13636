import type { DeviceRef } from "@trine/core/certificate";
import { expect } from "vitest";
import type { ServiceFleet, ServiceNode } from "./a-fleet.ts";

const PATH = "/v1/products/:productKey/devices/:deviceName/shadow";

/** What comes to a device (wire-format 8.2). */
interface ShadowMessage {
  readonly method: string;
  readonly payload: {
    readonly status: string;
    readonly version?: number;
    readonly content?: { readonly errorcode: string; readonly errormessage: string };
    readonly state?: object;
    readonly metadata?: object;
  };
  readonly version?: number;
  readonly timestamp: number;
}

/** What the API shows. */
interface ShownShadow {
  readonly version: number;
  readonly state: { readonly reported: object; readonly desired: object };
}

/** A device, and applications that write its shadow. */
export interface ShadowedDevice {
  readonly fleet: ServiceFleet;
  readonly device: DeviceRef;
  /** Sends as the device does. @returns the answer, which comes on the one topic that there is. */
  send(payload: unknown, node?: ServiceNode): Promise<ShadowMessage>;
  /** The code of the answer, or `success`. */
  code(payload: unknown): Promise<string>;
  /** Asks the route of the method. */
  ask(method: string, body?: unknown, node?: ServiceNode): Promise<ShownShadow>;
  /** What waits in the mailbox. */
  waiting(): Promise<readonly { topic: string; qos: number; body: ShadowMessage }[]>;
  turn(on: boolean): Promise<void>;
}

export async function aShadowedDevice(fleet: ServiceFleet): Promise<ShadowedDevice> {
  const session = await fleet.addDevice();
  const { device } = session;
  const names = `${device.productKey}/${device.deviceName}`;
  const send: ShadowedDevice["send"] = async (payload, node = fleet.node) => {
    const reply = await node.send(session, `/shadow/update/${names}`, payload);
    expect(reply?.topic).toBe(`/shadow/get/${names}`);
    return JSON.parse(reply?.text ?? "") as ShadowMessage;
  };
  return {
    fleet,
    device,
    send,
    async code(sent) {
      const { payload } = await send(sent);
      return payload.content?.errorcode ?? payload.status;
    },
    ask: (method, body, node = fleet.node) => node.ask(`${method} ${PATH}`, { device, body }) as Promise<ShownShadow>,
    async waiting() {
      const found = await fleet.node.gateway.ports.mailbox.pending(device, { limit: 100, nowMs: Date.now() });
      return found.map(({ topic, qos, payload }) => ({ topic, qos, body: JSON.parse(payload.toString()) }));
    },
    turn: (on) => fleet.turn(session, "shadow", on),
  };
}

/** A report of a device. */
export function update(reported: unknown, version: unknown = 1) {
  return { method: "update", state: { reported }, version };
}
