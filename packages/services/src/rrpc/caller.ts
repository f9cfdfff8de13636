import type { DeviceRef } from "@trine/core/certificate";
import { mayReceive } from "@trine/core/messaging";
import type { ServiceHost } from "../contracts.ts";
import { createAskedHere } from "./asked-here.ts";
import type { RrpcCaller, RrpcOutcome, RrpcRequest } from "./contracts.ts";
import { type NodeMessage, readNodeMessage, writeNodeMessage } from "./node-message.ts";
import { createWaitingHere } from "./waiting-here.ts";

/** Calls that may wait on one node, and questions that may be open to its devices. */
const MOST_OPEN = 10_000;
/** wire-format 10. */
const MOST_PAYLOAD_BYTES = 262_144;

const WRITTEN = "written";

/** RRPC on one node. */
export interface Rrpc extends RrpcCaller {
  /** A device answers. @returns whether somebody asked it this. */
  answered(device: DeviceRef, messageId: string, payload: Buffer): Promise<boolean>;
  told(body: string): Promise<string | undefined>;
}

/**
 * Asks devices (wire-format 6.4). The node that waits tells the one that holds the connection, which writes the question and remembers who
 * waits: the answer comes in there, and goes back to that node alone. Nothing of it is stored, as the message is of QoS 0.
 */
export function createRrpc(host: ServiceHost): Rrpc {
  const asked = createAskedHere(host.timer, MOST_OPEN);
  const waiting = createWaitingHere(host.timer);

  function ask({ messageId, device, topic, payload, from, withinMs }: Extract<NodeMessage, { is: "ask" }>): boolean {
    // Before it is written: an answer may come at once.
    if (!asked.note(messageId, { device, from, withinMs })) return false;
    const isWritten = host.connectedHere.deliver(device, { topic, payload });
    if (!isWritten) asked.forget(messageId);
    return isWritten;
  }

  async function askOn(nodeId: string, question: Extract<NodeMessage, { is: "ask" }>): Promise<boolean> {
    if (nodeId === host.nodeId) return ask(question);
    try {
      return (await host.tell(nodeId, writeNodeMessage(question))) === WRITTEN;
    } catch {
      // A node that died a moment ago: whoever asks again learns more.
      return false;
    }
  }

  async function judge(device: DeviceRef, topic: string, { payload }: RrpcRequest) {
    if (!(await host.isOn(device))) return "off";
    const credentials = await host.lookup.findCredentials(device);
    if (!credentials || !mayReceive({ device, product: credentials.product }, topic)) return "forbidden_topic";
    if (payload.length > MOST_PAYLOAD_BYTES) return "too_large";
    return waiting.size >= MOST_OPEN ? "busy" : undefined;
  }

  return {
    async call(device, request): Promise<RrpcOutcome> {
      const messageId = drawId(host);
      const topic = topicOf(device, messageId, request.topic);
      const refused = await judge(device, topic, request);
      if (refused) return { is: refused };
      const location = await host.directory.locate(device);
      if (!location) return { is: "offline", messageId };
      const { payload, timeoutMs, signal } = request;
      const answer = waiting.wait(messageId, timeoutMs, signal);
      const question = {
        is: "ask",
        messageId,
        device,
        topic,
        payload,
        from: host.nodeId,
        withinMs: timeoutMs,
      } as const;
      const isWritten = await askOn(location.nodeId, question);
      if (!isWritten) waiting.end(messageId);
      const answered = await answer;
      if (answered) return { is: "answered", messageId, payload: answered };
      return { is: isWritten ? "timed_out" : "half_connected", messageId };
    },
    async answered(device, messageId, payload) {
      const from = asked.take(messageId, device);
      if (from === undefined) return false;
      if (from === host.nodeId) waiting.end(messageId, payload);
      // Whoever waits there gives up by itself when this is lost.
      else await host.notify(from, writeNodeMessage({ is: "answer", messageId, payload }));
      return true;
    },
    async told(body) {
      const message = readNodeMessage(body);
      if (message.is === "ask") return ask(message) ? WRITTEN : undefined;
      waiting.end(message.messageId, message.payload);
      return undefined;
    },
  };
}

/** Decimal text of 63 bits, which nobody can guess. */
function drawId({ random }: ServiceHost): string {
  return String(random.bytes(8).readBigUInt64BE() >> 1n);
}

function topicOf({ productKey, deviceName }: DeviceRef, messageId: string, custom: string | undefined): string {
  return custom === undefined
    ? `/sys/${productKey}/${deviceName}/rrpc/request/${messageId}`
    : `/ext/rrpc/${messageId}${custom}`;
}
