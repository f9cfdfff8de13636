import type { GatewayNode } from "../many-nodes.ts";
import { callAnyNode, callOneNode } from "./any-node.ts";
import { pause } from "./pause.ts";

/** What an application reads, each message of the log once, in the order of its first reading. */
export interface LogEntry {
  readonly messageId: string;
  readonly deviceName: string;
  readonly topic: string;
  readonly text: string;
  readonly transport: string;
}

/** One consumer of a group that reads without end, at whichever node answers. */
export interface Consumer {
  readonly read: readonly LogEntry[];
  stop(): Promise<void>;
}

/** Short, so that what was handed out into a dying connection comes again soon. */
const ACK_DEADLINE_MS = 3_000;
const TRY_AGAIN_MS = 100;

type Item = Omit<LogEntry, "text"> & { readonly id: string; readonly payload: string };

/** Makes a group that reads one product from now on, and starts to read. The group is deleted at the end. */
export async function startConsumer(
  nodes: readonly GatewayNode[],
  { group, productKey }: { group: string; productKey: string },
): Promise<Consumer> {
  const call = callAnyNode(nodes);
  const path = `/v1/uplink/groups/${group}`;
  const read: LogEntry[] = [];
  const seen = new Set<string>();
  let stopped = false;
  let incarnation = 1;

  await call({ method: "PUT", path, body: { from: "latest", ackDeadlineMs: ACK_DEADLINE_MS } });

  async function readOnce(): Promise<void> {
    const consumer = `reader-${incarnation}`;
    const body = { consumer, count: 1_000, waitMs: 500, productKey };
    const { items } = await callOneNode<{ items: readonly Item[] }>(nodes, {
      method: "POST",
      path: `${path}/read`,
      body,
    });
    for (const { id, payload, ...entry } of items) {
      if (seen.has(id)) continue;
      seen.add(id);
      read.push({ ...entry, text: Buffer.from(payload, "base64").toString() });
    }
    if (items.length > 0) await call({ method: "POST", path: `${path}/ack`, body: { ids: items.map(({ id }) => id) } });
  }

  async function run(): Promise<void> {
    while (!stopped) {
      try {
        await readOnce();
      } catch {
        // Who lost an answer does not know what was in it: a new reader begins where the old one's deadline ends, at the oldest.
        incarnation += 1;
        await pause(TRY_AGAIN_MS);
      }
    }
  }

  const running = run();
  return {
    read,
    async stop() {
      stopped = true;
      await running;
      await call({ method: "DELETE", path });
    },
  };
}
