import type { DeviceService, ServiceAnswer, ServiceMessage } from "../contracts.ts";
import type { ShadowRefusal } from "./change-shadow.ts";
import { parseShadowRequest, type ShadowRequest } from "./parse-request.ts";
import { shadowRoutes } from "./routes.ts";
import { type ShadowError, shadowError } from "./shadow-error.ts";
import { type ShadowAnswer, shadowReply } from "./shadow-messages.ts";
import { createSqlShadowStore } from "./sql-store.ts";
import { createShadowTeller } from "./tell-device.ts";
import { createShadowWriter } from "./write-shadow.ts";

/** Keeps the shadow of each device: what it reported, and what applications desire (wire-format 8.2). */
export const service: DeviceService = {
  name: "shadow",
  summary: "device shadows: what devices reported and what they are to be",
  isOnByDefault: true,
  open(host) {
    const { clock } = host;
    const store = createSqlShadowStore(host.database);
    const writer = createShadowWriter({ store, clock });
    const teller = createShadowTeller({ ...host, store });

    async function answer({ asks }: ShadowRequest, { device }: ServiceMessage): Promise<ShadowAnswer> {
      if ("errorcode" in asks) return asks;
      if (asks.is === "get") {
        const shadow = (await store.find(device))?.shadow;
        return shadow ? { is: "shadow", shadow } : shadowError("407");
      }
      const written = await writer.change(device, asks.change, false);
      if (typeof written === "string") return ERRORS[written];
      const { shadow, before } = written;
      if (!shadow) throw new Error("a changed shadow is there");
      const isDone = Object.keys(shadow.desired.state).length === 0;
      if (isDone) await teller.withdraw(device, before?.toldMessageId);
      return { is: "changed", version: shadow.version };
    }

    function served(said: ShadowAnswer, { clientToken }: ShadowRequest, { device }: ServiceMessage): ServiceAnswer {
      const now = Math.floor(clock.nowMs() / 1_000);
      const topic = `/shadow/get/${device.productKey}/${device.deviceName}`;
      return {
        code: "errorcode" in said ? said.errorcode : "ok",
        reply: { topic, payload: shadowReply(said, { now, clientToken }) },
      };
    }

    return {
      topics: {
        "/shadow/update/{pk}/{dn}": {
          async serve(message) {
            const request = parseShadowRequest(message.payload);
            return served(await answer(request, message), request, message);
          },
          refuse: (message) => served(shadowError("501"), parseShadowRequest(message.payload), message),
        },
      },
      routes: shadowRoutes({ ...host, store, writer, teller }),
      works: [teller.work],
    };
  },
};

const ERRORS: Readonly<Record<ShadowRefusal | "busy", ShadowError>> = {
  no_shadow: shadowError("407"),
  version_conflict: shadowError("409"),
  too_many_attributes: shadowError("408"),
  too_large: shadowError("400", "the shadow would have more than 16384 bytes"),
  busy: shadowError("500"),
};
