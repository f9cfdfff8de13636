import type { ServiceHost, ServiceMessage, TopicHandler } from "../../contracts.ts";
import { alink } from "../../kit/alink/alink.ts";
import type { FirmwareStore } from "../firmware/firmware-store.ts";
import { parseInform } from "../versions/parse-inform.ts";
import type { VersionStore } from "../versions/version-store.ts";
import type { JobStore } from "./job-store.ts";
import { nothingText, type OfferData, offerData, upgradeText } from "./offer-text.ts";
import { parseProgress } from "./parse-progress.ts";
import { moduleOf, parseRequest } from "./parse-request.ts";
import { linkFor } from "./push-work.ts";

/** The vendor allows 10 modules of a product; a device that invents more must not fill the store. */
const MOST_MODULES = 20;

const OFF = "the service is switched off for this product";

interface Deps {
  readonly host: Pick<ServiceHost, "clock" | "signedUrl">;
  readonly versions: VersionStore;
  readonly jobs: Pick<JobStore, "hear">;
  readonly firmware: Pick<FirmwareStore, "find">;
}

/** What devices say and ask about their firmware (wire-format 8.3). */
export function deviceTopics(deps: Deps): Readonly<Record<string, TopicHandler>> {
  return {
    "/ota/device/inform/{pk}/{dn}": informed(deps),
    "/ota/device/progress/{pk}/{dn}": progressed(deps),
    "/ota/device/request/{pk}/{dn}": requested(deps),
    "/sys/{pk}/{dn}/thing/ota/firmware/get": alink(async (params, message) => ({
      code: 200,
      data: (await ask(deps, message, moduleOf(params))) ?? {},
    })),
  };
}

/** There is no answer. */
function informed({ host, versions, jobs }: Deps): TopicHandler {
  return {
    async serve({ device, payload }) {
      const inform = parseInform(payload);
      if (!inform) return { code: "malformed" };
      const nowMs = host.clock.nowMs();
      const code = await versions.note(device, inform, { nowMs, most: MOST_MODULES });
      await jobs.hear(device, { event: "confirmed", ...inform }, nowMs);
      return { code };
    },
    refuse: () => ({ code: "off" }),
  };
}

/** There is no answer. */
function progressed({ host, jobs }: Deps): TopicHandler {
  return {
    async serve({ device, payload }) {
      const progress = parseProgress(payload);
      if (!progress) return { code: "malformed" };
      const { told, ...more } = progress;
      await jobs.hear(device, { ...told, ...more }, host.clock.nowMs());
      return { code: told.event };
    },
    refuse: () => ({ code: "off" }),
  };
}

/** The answer comes on the topic of the question. */
function requested(deps: Deps): TopicHandler {
  return {
    async serve(message) {
      const { topic, payload } = message;
      const request = parseRequest(payload);
      if (!request) return { code: "malformed" };
      const offer = await ask(deps, message, request.module);
      return offer
        ? { code: "offered", reply: { topic, payload: upgradeText(offer, request.id) } }
        : {
            code: "nothing",
            reply: { topic, payload: nothingText(500, "there is no firmware for the device", request.id) },
          };
    },
    refuse: ({ topic, payload }) => ({
      code: "off",
      reply: { topic, payload: nothingText(403, OFF, parseRequest(payload)?.id ?? '""') },
    }),
  };
}

async function ask(
  { host, jobs, firmware }: Deps,
  { device }: ServiceMessage,
  module: string | undefined,
): Promise<OfferData | undefined> {
  const offer = await jobs.hear(
    device,
    { event: "asked", ...(module === undefined ? {} : { module }) },
    host.clock.nowMs(),
  );
  const file = offer && (await firmware.find(offer.firmwareId));
  return file && offerData(file, linkFor(host, offer));
}
