import { connectHttp, type HttpConnection } from "@trine/device";
import { topicOf } from "../fleet.ts";
import type { Protocol } from "./line.ts";
import { within } from "./pause.ts";

const WAIT_MS = 5_000;
const ANSWER_WITHIN_MS = 4_000;

/** Devices that poll for their messages, and have one message under way. */
export const overHttp: Protocol = {
  name: "http",
  way: "polled",
  window: 1,
  isOneConnection: false,
  async dial({ node, certificate, receive }) {
    const connection = await connectHttp({ host: "127.0.0.1", port: node.ports.http, certificate });
    const gone = new AbortController();
    const polling = poll(connection, { receive, gone: gone.signal });
    return {
      publish: async (payload) =>
        void (await connection.publish({ topic: topicOf(certificate, "user/update"), payload })),
      ended: polling.catch(() => undefined),
      async close() {
        gone.abort();
        await polling;
        await connection.close();
      },
      drop() {
        gone.abort();
        void connection.close();
      },
    };
  },
};

/** Takes one message after the other, and acknowledges each before the next. @throws when the gateway fails it. */
async function poll(
  connection: HttpConnection,
  { receive, gone }: { receive: (payload: string) => void; gone: AbortSignal },
): Promise<void> {
  while (!gone.aborted) {
    const fetched = connection.fetchMessage({ waitMs: WAIT_MS, signal: gone }).catch((error: unknown) => {
      if (!gone.aborted) throw error;
    });
    const message = await within(WAIT_MS + ANSWER_WITHIN_MS, fetched);
    if (!message) continue;
    receive(message.payload.toString());
    await within(ANSWER_WITHIN_MS, message.acknowledge());
  }
}
