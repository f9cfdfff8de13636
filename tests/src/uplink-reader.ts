import type { OperatorApi } from "./operator-api.ts";

/** A message as the REST API hands it out, payload as text. */
export interface ReadMessage {
  readonly id: string;
  readonly productKey: string;
  readonly deviceName: string;
  readonly topic: string;
  readonly text: string;
  readonly transport: string;
}

/**
 * Reads and acknowledges as one consumer of a group, until `enough` says so.
 *
 * @throws when `withinMs` is over first; the message says what was read.
 */
export async function readUntil(
  api: OperatorApi,
  enough: (messages: readonly ReadMessage[]) => boolean,
  options: { group: string; productKey?: string; withinMs?: number },
): Promise<readonly ReadMessage[]> {
  const { group, productKey, withinMs = 15_000 } = options;
  const read: ReadMessage[] = [];
  const deadline = Date.now() + withinMs;
  while (!enough(read)) {
    if (Date.now() > deadline) {
      throw new Error(
        `read ${read.length} messages and waited for more:\n${read
          .slice(-20)
          .map(({ topic, text }) => `${topic} ${text}`)
          .join("\n")}`,
      );
    }
    const { items } = await api.call<{ items: (Omit<ReadMessage, "text"> & { payload: string })[] }>(
      "POST",
      `/v1/uplink/groups/${group}/read`,
      { consumer: "test", count: 1_000, waitMs: 500, ...(productKey === undefined ? {} : { productKey }) },
    );
    for (const { payload, ...item } of items)
      read.push({ ...item, text: Buffer.from(payload, "base64").toString("utf8") });
    if (items.length > 0) await api.call("POST", `/v1/uplink/groups/${group}/ack`, { ids: items.map(({ id }) => id) });
  }
  return read;
}
