import { parseDeviceRef } from "@trine/core/certificate";
import type { UplinkItem, UplinkMessage } from "@trine/core/ports";

/** The fields of a stream entry: the product alone, so that a group may skip others; the rest but the payload; the payload as it is. */
export function toFields(message: UplinkMessage): (string | Buffer)[] {
  const { productKey, deviceName, messageId, topic, qos, transport, receivedAtMs, payload } = message;
  const head = JSON.stringify([messageId, deviceName, topic, qos, transport, receivedAtMs]);
  return ["k", productKey, "h", head, "p", payload];
}

/** Reads what `toFields` wrote. */
export function toItem(partition: number, [id, fields]: [id: Buffer, fields: Buffer[]]): UplinkItem {
  const [, product = "", , head = "[]", , payload = Buffer.alloc(0)] = fields;
  const [messageId, deviceName, topic, qos, transport, receivedAtMs] = JSON.parse(head.toString()) as Head;
  const device = parseDeviceRef(product.toString(), deviceName);
  if (!device) throw new Error("a stored message names no device");
  return { id: `${partition}:${id}`, messageId, ...device, topic, payload, qos, transport, receivedAtMs };
}

type Head = [messageId: string, deviceName: string, topic: string, qos: 0 | 1, transport: string, receivedAtMs: number];

const ITEM_ID = /^(\d{1,2}):(\d{1,20}-\d{1,20})$/;

/** Sorts the ids of items by partition; what is no such id is left out. */
export function idsByPartition(ids: readonly string[], partitions: number): Map<number, string[]> {
  const sorted = new Map<number, string[]>();
  for (const id of ids) {
    const [, partition, entry] = ITEM_ID.exec(id) ?? [];
    if (entry === undefined || Number(partition) >= partitions) continue;
    const known = sorted.get(Number(partition));
    if (known) known.push(entry);
    else sorted.set(Number(partition), [entry]);
  }
  return sorted;
}

/** When a stream entry was made, by its id. */
export function timeOf(id: string): number {
  return Number(id.split("-")[0]);
}
