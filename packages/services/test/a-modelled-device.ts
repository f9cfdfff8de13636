import type { Session } from "@trine/core/auth";
import type { ServiceFleet } from "./a-fleet.ts";
import { A_MODEL } from "./a-model.ts";

const MODEL = "/v1/products/:productKey/model";

/** A device of a product that has a model, and what it can do. */
export interface ModelledDevice {
  readonly session: Session;
  readonly base: string;
  /** Sends a request in the envelope on what follows `thing/`. @returns the answer, with its code and data. */
  post(
    path: string,
    params: unknown,
    node?: number,
  ): Promise<{ code: number; data: Record<string, unknown>; id: unknown }>;
  /** Asks a route below the device. */
  ask(ask: string, request?: Readonly<Record<string, unknown>>, node?: number): Promise<never>;
  /** What applications read of it, oldest first: topic and body. */
  logged(): Promise<readonly { topic: string; body: Record<string, unknown> }[]>;
}

/** @param options.model null: the product has none. */
export async function aModelledDevice(
  fleet: ServiceFleet,
  options: { model?: object | null; validate?: string; historyDays?: number } = {},
): Promise<ModelledDevice> {
  const session = await fleet.addDevice();
  const { device } = session;
  const { model = A_MODEL, ...given } = options;
  if (model) await fleet.node.ask(`PUT ${MODEL}`, { device, body: model });
  if (Object.keys(given).length > 0) await fleet.node.ask(`PATCH ${MODEL}/options`, { device, body: given });
  const nodeAt = (at: number) => fleet.nodes[at] ?? fleet.node;
  return {
    session,
    base: `/sys/${device.productKey}/${device.deviceName}`,
    async post(path, params, node = 0) {
      const topic = `/sys/${device.productKey}/${device.deviceName}/thing/${path}`;
      const reply = await nodeAt(node).send(session, topic, { id: "7", params });
      return JSON.parse(reply?.text ?? "{}");
    },
    async ask(ask, request = {}, node = 0) {
      const [method, path] = ask.split(" ");
      const route = `${method} /v1/products/:productKey/devices/:deviceName/${path}`;
      return (await nodeAt(node).ask(route, { device, ...request })) as never;
    },
    async logged() {
      const { uplinkLog } = fleet.node.gateway.ports;
      const items = await uplinkLog.read(`of ${device.deviceName}`, { consumer: "c", count: 1_000, nowMs: Date.now() });
      if (items === "filter_differs") throw new Error("one group, one filter");
      return items
        .filter(
          ({ productKey, topic }) =>
            productKey === device.productKey && topic.includes("/thing/") && !topic.endsWith("/lifecycle"),
        )
        .map(({ topic, payload }) => ({ topic, body: JSON.parse(payload.toString()) as Record<string, unknown> }));
    },
  };
}
