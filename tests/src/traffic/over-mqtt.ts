import { connectMqtt } from "@trine/device";
import { topicOf } from "../fleet.ts";
import type { Protocol } from "./line.ts";

/** Devices that are pushed to, with several messages under way at once. */
export const overMqtt: Protocol = {
  name: "mqtt",
  way: "pushed",
  window: 4,
  isOneConnection: true,
  async dial({ node, certificate, receive }) {
    const down = topicOf(certificate, "user/get");
    let closing = false;
    const connection = await connectMqtt({
      host: "127.0.0.1",
      port: node.ports.mqtt,
      certificate,
      // What comes after the DISCONNECT cannot be acknowledged any more, so it counts as not received.
      onMessage: ({ topic, payload }) => topic === down && !closing && receive(payload.toString()),
    });
    // Without an answer there may be no end either: a frozen node acknowledges neither.
    connection.subscribe([down]).catch(() => connection.destroy());
    return {
      publish: async (payload) =>
        void (await connection.publish({ topic: topicOf(certificate, "user/update"), payload })),
      ended: connection.closed,
      close() {
        closing = true;
        return connection.close();
      },
      drop: () => connection.destroy(),
    };
  },
};
