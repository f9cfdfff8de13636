import type { AdminApi } from "./admin-api.ts";

/** A message in the uplink log, as the REST API shows it. */
export interface UplinkLine {
  readonly id: string;
  readonly deviceName: string;
  readonly topic: string;
  /** base64 */
  readonly payload: string;
  readonly transport: string;
}

/** A consumer group of the demo's own. */
export interface UplinkGroup {
  /** Shows every message and acknowledges it, until `signal` aborts. */
  follow(show: (line: UplinkLine) => void, signal: AbortSignal): Promise<void>;
  /** Takes the group away. */
  remove(): Promise<void>;
}

const WAIT_MS = 500;

/** Makes a group that sees what the product's devices send from now on. */
export async function openUplinkGroup(api: AdminApi, productKey: string): Promise<UplinkGroup> {
  const group = `/v1/uplink/groups/demo-${process.pid}`;
  await api.call("PUT", group, { from: "latest" });
  const request = { consumer: "demo", count: 100, waitMs: WAIT_MS, productKey };
  return {
    async follow(show, signal) {
      while (!signal.aborted) {
        const { items } = await api.call<{ items: readonly UplinkLine[] }>("POST", `${group}/read`, request);
        for (const line of items) show(line);
        if (items.length > 0) await api.call("POST", `${group}/ack`, { ids: items.map(({ id }) => id) });
      }
    },
    remove: () => api.call("DELETE", group),
  };
}
