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

const WAIT_MS = 500;

/**
 * Reads one product's uplink through a consumer group of its own until `signal` aborts, acknowledges what was shown, and takes the group away.
 */
export async function followUplink(
  api: AdminApi,
  productKey: string,
  { show, signal }: { show: (line: UplinkLine) => void; signal: AbortSignal },
): Promise<void> {
  const group = `/v1/uplink/groups/demo-${process.pid}`;
  await api.call("PUT", group, { from: "latest" });
  try {
    while (!signal.aborted) {
      const request = { consumer: "demo", count: 100, waitMs: WAIT_MS, productKey };
      const { items } = await api.call<{ items: readonly UplinkLine[] }>("POST", `${group}/read`, request);
      for (const line of items) show(line);
      if (items.length > 0) await api.call("POST", `${group}/ack`, { ids: items.map(({ id }) => id) });
    }
  } finally {
    await api.call("DELETE", group);
  }
}
