import type { StoredMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "@nats-io/transport-node";
import { parseDeviceRef } from "@trine/core/certificate";
import type { UplinkItem, UplinkMessage } from "@trine/core/ports";

const MESSAGE_ID = "Nats-Msg-Id";

/** The headers of a message. Other programs read them: docs/operations.md says what each holds. */
export function toHeaders(message: UplinkMessage): MsgHdrs {
  const { productKey, deviceName, messageId, topic, qos, transport, receivedAtMs } = message;
  const made = headers();
  made.set(MESSAGE_ID, messageId);
  made.set("Trine-Product-Key", productKey);
  made.set("Trine-Device-Name", deviceName);
  // A header is one line of ASCII, and a topic may be anything.
  made.set("Trine-Topic", encodeURI(topic));
  made.set("Trine-Qos", String(qos));
  made.set("Trine-Transport", transport);
  made.set("Trine-Received-At", new Date(receivedAtMs).toISOString());
  return made;
}

/** Reads what was appended under `toHeaders`. `undefined`: somebody else's message on a subject of ours. */
export function toItem({ seq, subject, header, data }: StoredMsg): UplinkItem | undefined {
  const get = (name: string) => header?.get(name) ?? "";
  const device = parseDeviceRef(get("Trine-Product-Key"), get("Trine-Device-Name"));
  const receivedAtMs = Date.parse(get("Trine-Received-At"));
  if (!device || Number.isNaN(receivedAtMs)) return undefined;
  return {
    id: formatId(Number(subject.slice(subject.lastIndexOf(".") + 1)), seq),
    messageId: get(MESSAGE_ID),
    ...device,
    topic: decodeURI(get("Trine-Topic")),
    payload: Buffer.from(data),
    qos: get("Trine-Qos") === "0" ? 0 : 1,
    transport: get("Trine-Transport"),
    receivedAtMs,
  };
}

/** The id that a consumer acknowledges with. */
function formatId(partition: number, position: number): string {
  return `${partition}-${position}`;
}

/** Sorts ids by partition; what is no id is left out. */
export function positionsOf(ids: readonly string[]): Map<number, Set<number>> {
  const sorted = new Map<number, Set<number>>();
  for (const id of ids) {
    const [, partition, position] = /^(\d{1,2})-(\d{1,15})$/.exec(id) ?? [];
    if (partition === undefined || position === undefined) continue;
    const known = sorted.get(Number(partition)) ?? new Set();
    sorted.set(Number(partition), known.add(Number(position)));
  }
  return sorted;
}
