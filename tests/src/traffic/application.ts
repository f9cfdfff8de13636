import { topicOf } from "../fleet.ts";
import type { GatewayNode } from "../many-nodes.ts";
import { callAnyNode } from "./any-node.ts";
import type { Ledger } from "./ledger.ts";
import { pause } from "./pause.ts";

/** Something that sends numbered messages to devices. */
export interface Application {
  /** Resolves when the last message of each device was accepted. */
  stop(): Promise<void>;
}

/** So short that a message to a device that is away expires while traffic runs. */
const SHORT_TTL_SECONDS = 1;

/**
 * Sends to each device one message after the other; each is sent under its idempotency key until it is accepted. What goes to a device that
 * speaks no protocol, and so never comes, expires soon.
 *
 * @param pace `everyMs`: pause between two messages to one device.
 */
export function startApplication(
  nodes: readonly GatewayNode[],
  ledgers: readonly Ledger[],
  { everyMs }: { everyMs: number },
): Application {
  const call = callAnyNode(nodes);
  let stopped = false;

  async function sendTo({ certificate, streams, accepted }: Ledger): Promise<void> {
    const { productKey, deviceName } = certificate;
    const ttl = streams.length === 0 ? { ttlSeconds: SHORT_TTL_SECONDS } : {};
    for (let number = 1; !stopped; number += 1) {
      const { messageId } = await call<{ messageId: string }>({
        method: "POST",
        path: `/v1/products/${productKey}/devices/${deviceName}/messages`,
        body: { topic: topicOf(certificate, "user/get"), payload: String(number), ...ttl },
        headers: { "idempotency-key": `${deviceName} ${number}` },
      });
      accepted.push({ number, messageId });
      await pause(everyMs);
    }
  }

  const sending = Promise.all(ledgers.map(sendTo));
  // It is waited for at the end.
  sending.catch(() => undefined);
  return {
    async stop() {
      stopped = true;
      await sending;
    },
  };
}
