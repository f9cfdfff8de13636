import { type ProductKey, parseProductKey } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../contracts.ts";

/** wire-format 10. */
const MOST_DEVICES = 1_000;

interface Message {
  readonly topic: string;
  readonly payload: Buffer;
}

/** What became of a broadcast. */
export interface Broadcasted {
  /** Devices that it was written to. */
  readonly delivered: number;
  /** Nodes that did not answer: their devices may have it or not. */
  readonly silentNodes: number;
}

/** Sends to the devices of a product that are connected and subscribed, on all nodes. */
export interface Broadcaster {
  send(productKey: ProductKey, message: Message): Promise<Broadcasted>;
  /** A device of the product connects here. */
  noteProduct(productKey: ProductKey): void;
  told(body: string): Promise<string>;
}

const told = z.object({ productKey: z.string(), topic: z.string(), payload: z.base64(), most: z.number() });

/**
 * Each node writes to its own connections, one node after the other, so that no more devices get it than may. A node that never held a device
 * of the product has nothing to look through.
 */
export function createBroadcaster(host: ServiceHost): Broadcaster {
  // Never forgotten: a device may be about to connect, and there are no more than products.
  const held = new Set<ProductKey>();

  function sendHere(productKey: ProductKey, message: Message, most: number): number {
    if (!held.has(productKey)) return 0;
    let delivered = 0;
    for (const { session } of [...host.connectedHere.held()]) {
      if (delivered >= most) break;
      const { device } = session;
      if (device.productKey === productKey && host.connectedHere.deliver(device, message)) delivered += 1;
    }
    return delivered;
  }

  async function sendThere(nodeId: string, productKey: ProductKey, { topic, payload }: Message, most: number) {
    const body = JSON.stringify({ productKey, topic, payload: payload.toString("base64"), most });
    return Number(await host.tell(nodeId, body));
  }

  return {
    noteProduct: (productKey) => void held.add(productKey),
    async send(productKey, message) {
      let delivered = sendHere(productKey, message, MOST_DEVICES);
      let silentNodes = 0;
      for (const nodeId of await host.directory.liveNodes()) {
        if (delivered >= MOST_DEVICES) break;
        if (nodeId === host.nodeId) continue;
        try {
          delivered += await sendThere(nodeId, productKey, message, MOST_DEVICES - delivered);
        } catch {
          silentNodes += 1;
        }
      }
      return { delivered, silentNodes };
    },
    async told(body) {
      const { productKey: name, topic, payload, most } = told.parse(JSON.parse(body));
      const productKey = parseProductKey(name);
      return String(productKey ? sendHere(productKey, { topic, payload: Buffer.from(payload, "base64") }, most) : 0);
    },
  };
}
