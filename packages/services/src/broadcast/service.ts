import { z } from "zod";
import type { DeviceService } from "../contracts.ts";
import { isServiceProblem, payloadBody, payloadOf, route, serviceProblem } from "../kit/rest/index.ts";
import { createBroadcaster } from "./broadcaster.ts";
import { createSqlTurnStore } from "./turn-store.ts";

/** wire-format 10. */
const APART_MS = 1_000;

const TOO_SOON = serviceProblem({
  status: 429,
  code: "broadcast_too_soon",
  title: "A product may be broadcast to once a second",
});
const OFF = serviceProblem({
  status: 409,
  code: "service_off",
  title: "The product does not have the service broadcast",
});

/** Lets applications send one message to every connected device of a product that subscribed to it (wire-format 6.2, 9.1). */
export const service: DeviceService = {
  name: "broadcast",
  summary: "one message to all connected devices of a product",
  isOnByDefault: true,
  open(host) {
    const broadcaster = createBroadcaster(host);
    const turns = createSqlTurnStore(host.database);
    return {
      async opened({ device }) {
        broadcaster.noteProduct(device.productKey);
      },
      told: broadcaster.told,
      routes: [
        route({
          method: "POST",
          path: "/v1/products/:productKey/broadcast",
          access: { role: "operator", scope: "product" },
          summary: "Send a message to all connected devices of a product",
          description:
            "It goes out with QoS 0 on `/broadcast/{productKey}/{topic}` to those that subscribed, 1000 at the most, once a second. Devices that are away never get it.",
          body: payloadBody.extend({
            topic: z
              .string()
              .max(100)
              .regex(/^[\w.@:$-]+(?:\/[\w.@:$-]+){0,4}$/)
              .describe("What stands behind `/broadcast/{productKey}/`."),
          }),
          response: {
            200: z.object({
              delivered: z.number().int().describe("Devices that it was written to."),
              silentNodes: z.number().int().describe("Nodes that did not answer: their devices may have it or not."),
            }),
          },
          async handle({ productKey, body: { topic, ...text }, actor }) {
            const payload = payloadOf(text);
            if (isServiceProblem(payload)) return payload;
            if (!(await host.isOnFor(productKey))) return OFF;
            const nowMs = host.clock.nowMs();
            if (!(await turns.take(productKey, { nowMs, apartMs: APART_MS }))) return TOO_SOON;
            const sent = await broadcaster.send(productKey, { topic: `/broadcast/${productKey}/${topic}`, payload });
            const { name, peer } = actor;
            const detail = { topic, bytes: payload.length, ...sent };
            await host.audit.record({
              atMs: nowMs,
              actor: name,
              peer,
              action: "broadcast",
              target: productKey,
              detail,
            });
            return sent;
          },
        }),
      ],
    };
  },
};
