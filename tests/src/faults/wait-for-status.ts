import type { DeviceCertificate } from "@trine/device";
import { eventually } from "../fleet.ts";
import type { GatewayNode } from "../many-nodes.ts";
import { callAnyNode } from "../traffic/any-node.ts";

/** Waits until the registry shows a device in a state. @returns a sentence when it does not in time. */
export async function waitForStatus(
  nodes: readonly GatewayNode[],
  { productKey, deviceName }: DeviceCertificate,
  { status: wanted, withinMs }: { status: string; withinMs: number },
): Promise<readonly string[]> {
  const call = callAnyNode(nodes);
  const path = `/v1/products/${productKey}/devices/${deviceName}`;
  const show = () => call<{ status: string }>({ method: "GET", path });
  try {
    await eventually(show, ({ status }) => status === wanted, withinMs);
    return [];
  } catch {
    return [`${deviceName}: the registry shows ${(await show()).status}, not ${wanted}, after ${withinMs} ms`];
  }
}
