import { type CoapConnection, connectCoap, DeviceError } from "@trine/device";
import { topicOf } from "../fleet.ts";
import type { Dial, Line, Protocol } from "./line.ts";
import { pause, within } from "./pause.ts";

const PULL_AGAIN_MS = 200;
/** RFC 7641 3.3.1: an observation has no connection that ends with it, and a gateway that was killed says no last word. So a device registers again now and then. */
const REGISTER_AGAIN_MS = 45_000;
const ANSWER_WITHIN_MS = 4_000;
/** Sooner than RFC 7252 4.8 has it: the line is short. */
const ACK_TIMEOUT_MS = 500;

/** Devices that ask for their messages now and then, with sealed payloads, and have one message under way. */
export const overCoap: Protocol = {
  name: "coap",
  way: "pulled",
  window: 1,
  isOneConnection: false,
  async dial({ node, certificate, receive }) {
    const connection = await connectCoap({
      host: "127.0.0.1",
      port: node.ports.symmetric,
      certificate,
      mode: "symmetric",
      ackTimeoutMs: ACK_TIMEOUT_MS,
    });
    return pullingLine(connection, { certificate, receive });
  },
};

/** The line of a device that asks for its messages now and then. */
export function pullingLine(
  connection: CoapConnection,
  { certificate, receive }: Pick<Parameters<Dial>[0], "certificate" | "receive">,
): Line {
  let stopped = false;
  const pulling = pull(connection, { receive, isStopped: () => stopped });
  return {
    publish: async (payload) =>
      void (await connection.publish({ topic: topicOf(certificate, "user/update"), payload })),
    ended: pulling.catch(() => undefined),
    async close() {
      stopped = true;
      await pulling;
      await connection.close();
    },
    drop() {
      stopped = true;
      void connection.close();
    },
  };
}

/** Devices that observe their mailbox, and have one message under way. */
export const overCoapObserve: Protocol = {
  name: "coap",
  way: "observed",
  window: 1,
  isOneConnection: false,
  async dial({ node, certificate, receive }) {
    const connection = await connectCoap({
      host: "127.0.0.1",
      port: node.ports.coap,
      certificate,
      mode: "plain",
      ackTimeoutMs: ACK_TIMEOUT_MS,
    });
    const observing = connection.observe(({ payload }) => receive(payload.toString()));
    const observation = await within(ANSWER_WITHIN_MS, observing).catch(async (error: unknown) => {
      await connection.close();
      throw error;
    });
    return {
      publish: async (payload) =>
        void (await connection.publish({ topic: topicOf(certificate, "user/update"), payload })),
      ended: Promise.race([observation.ended, pause(REGISTER_AGAIN_MS)]).then(() => undefined),
      async close() {
        await observation.stop();
        await connection.close();
      },
      drop: () => void connection.close(),
    };
  },
};

/** Takes one message after the other, and acknowledges each before the next. @throws when the gateway fails it. */
async function pull(
  connection: CoapConnection,
  { receive, isStopped }: { receive: (payload: string) => void; isStopped: () => boolean },
): Promise<void> {
  while (!isStopped()) {
    const [message] = await within(ANSWER_WITHIN_MS, connection.pull(1));
    if (!message) await pause(PULL_AGAIN_MS);
    else {
      receive(message.payload.toString());
      await within(ANSWER_WITHIN_MS, connection.acknowledge(message.messageId)).catch(orGoneAlready);
    }
  }
}

/** An earlier acknowledgement came through, and only its answer did not. */
function orGoneAlready(error: unknown): void {
  if (!(error instanceof DeviceError) || error.code !== "4.04") throw error;
}
