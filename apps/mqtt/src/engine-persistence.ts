import { Readable } from "node:stream";

/** What the engine tells clients by. */
interface EngineClient {
  readonly id: string;
}

/** What the engine's persistence is asked for and Trine answers. */
export interface EngineSessions {
  /** Whether the CONNACK says that a lasting session goes on. */
  isPresent(clientId: string): boolean;
  unsubscribe(clientId: string, filters: readonly string[]): Promise<void>;
  acknowledge(clientId: string, packetId: number): Promise<void>;
}

/**
 * What the engine restores of a lasting session. It says "session present" only to who has subscriptions, while a session may have none
 * and the real ones live in the connection. The hook that grants subscriptions refuses it, by its identity.
 */
export const SESSION_MARK = { topic: "$session", qos: 0 } as const;

/**
 * The engine's persistence, without a store: messages live in the mailbox, and wills and retained messages are not part of the wire
 * format (wire-format 2.6). It holds the methods that the engine calls while no packet of QoS 2 reaches it.
 */
export function createEnginePersistence({ isPresent, unsubscribe, acknowledge }: EngineSessions) {
  return {
    // The engine asks for a function declared async.
    async setup() {},
    async subscriptionsByClient({ id }: EngineClient) {
      return isPresent(id) ? [SESSION_MARK] : [];
    },
    removeSubscriptions: ({ id }: EngineClient, filters: readonly string[]) => unsubscribe(id, filters),
    outgoingClearMessageId: ({ id }: EngineClient, { messageId }: { messageId: number }) => acknowledge(id, messageId),
    async addSubscriptions() {},
    async subscriptionsByTopic() {
      return [];
    },
    async outgoingEnqueueCombi() {},
    async delWill() {},
    outgoingStream: nothing,
    createRetainedStreamCombi: nothing,
    streamWill: nothing,
  };
}

/** Cheaper than `Readable.from([])`, and made at every login. */
function nothing(): Readable {
  return new Readable({ objectMode: true, read: endStream });
}

function endStream(this: Readable): void {
  this.push(null);
}
