import { Readable } from "node:stream";
import type { DeviceConnection } from "./device-connection.ts";

/** What the engine gives its persistence to tell clients by. */
interface EngineClient {
  readonly id: string;
}

/**
 * Restored with a lasting session beside its own filters: the engine says "session present" only to who has subscriptions, and a device
 * with implicit ones may have none. Nothing is ever published there.
 */
export const SESSION_MARK = "$session";

/**
 * The engine's persistence, without a store: subscriptions live in the connection, messages in the mailbox, and wills and retained
 * messages are not part of the wire format (wire-format 2.6).
 *
 * @param find the connection behind an engine's client.
 */
export function createEnginePersistence(find: (client: EngineClient) => DeviceConnection | undefined) {
  return {
    // The engine asks for a function declared async.
    async setup() {},
    async subscriptionsByClient(client: EngineClient) {
      const restored = find(client)?.restored;
      if (!restored) return [];
      return [...restored.map(({ filter, qos }) => ({ topic: filter, qos })), { topic: SESSION_MARK, qos: 0 as const }];
    },
    async removeSubscriptions(client: EngineClient, filters: readonly string[]) {
      await find(client)?.unsubscribe(filters);
    },
    async outgoingClearMessageId(client: EngineClient, { messageId }: { messageId: number }) {
      await find(client)?.pump.acknowledged(messageId);
    },
    async addSubscriptions() {},
    async cleanSubscriptions() {},
    async subscriptionsByTopic() {
      return [];
    },
    async countOffline() {
      return { subsCount: 0, clientsCount: 0 };
    },
    async outgoingEnqueue() {},
    async outgoingEnqueueCombi() {},
    async outgoingUpdate() {},
    async incomingStorePacket() {},
    async incomingGetPacket() {
      throw new Error("QoS 2 is not supported");
    },
    async incomingDelPacket() {},
    async cleanIncoming() {},
    async putWill() {},
    async getWill() {},
    async delWill() {},
    async storeRetained() {},
    async destroy() {},
    outgoingStream: () => Readable.from([]),
    createRetainedStream: () => Readable.from([]),
    createRetainedStreamCombi: () => Readable.from([]),
    streamWill: () => Readable.from([]),
    getClientList: () => Readable.from([]),
  };
}
