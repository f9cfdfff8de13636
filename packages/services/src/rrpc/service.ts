import type { DeviceService, ServiceMessage, TopicHandler } from "../contracts.ts";
import { offer } from "../kit/ports/service-port.ts";
import { createRrpc } from "./caller.ts";
import { rrpcPort } from "./contracts.ts";
import { rrpcRoute } from "./routes.ts";

/** Lets applications ask a device and wait for its answer (wire-format 6.4). */
export const service: DeviceService = {
  name: "rrpc",
  summary: "applications ask a device and wait for its answer (RRPC)",
  isOnByDefault: true,
  open(host) {
    const rrpc = createRrpc(host);
    // The text of an answer is the application's affair, and who did not ask hears nothing.
    const answers: TopicHandler = {
      async serve({ device, open: [messageId = ""], payload }: ServiceMessage) {
        return { code: (await rrpc.answered(device, messageId, payload)) ? "ok" : "not_asked" };
      },
      refuse: () => ({ code: "off" }),
    };
    return {
      topics: { "/sys/{pk}/{dn}/rrpc/response/+": answers, "/ext/rrpc/+/#": answers },
      routes: [rrpcRoute(rrpc)],
      offers: [offer(rrpcPort, rrpc)],
      told: rrpc.told,
    };
  },
};
