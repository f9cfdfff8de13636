import { drawText } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../../contracts.ts";
import { instant, pageOf, pageQuery, route, type ServiceRoute, serviceProblem } from "../../kit/rest/index.ts";
import { DEFAULT_MODULE, moduleName, versionName } from "../names.ts";
import type { FirmwareFiles } from "./firmware-files.ts";
import type { Firmware, FirmwareStore } from "./firmware-store.ts";

const ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

const firmwareBody = z.object({
  firmwareId: z.string(),
  module: z.string(),
  version: z.string(),
  size: z.number().describe("Bytes."),
  md5: z.string(),
  sha256: z.string(),
  createdAt: instant,
});

const identity = z.strictObject({
  module: moduleName.default(DEFAULT_MODULE).describe("The part of the device that it is for."),
  version: versionName.describe("What the device informs of once it runs it."),
});

const NO_PLACE = serviceProblem({
  status: 409,
  code: "firmware_no_place",
  title: "There is no place for files",
  detail: "set TRINE_FIRMWARE_DIR to a folder that every process reads",
});
const TAKEN = serviceProblem({
  status: 409,
  code: "firmware_exists",
  title: "The product has this version of the module",
  detail: "another file is another version: devices compare nothing else",
});
export const NO_FIRMWARE = serviceProblem({
  status: 404,
  code: "firmware_not_found",
  title: "There is no such firmware",
});

interface Deps {
  readonly host: Pick<ServiceHost, "audit" | "clock" | "random">;
  readonly files: FirmwareFiles | undefined;
  readonly firmware: FirmwareStore;
  /** Of one file, in bytes. */
  readonly most: number;
}

/** What operators do with files of firmware. */
export function firmwareRoutes({ host, files, firmware, most }: Deps): readonly ServiceRoute[] {
  const { audit, clock, random } = host;
  const path = "/v1/products/:productKey/firmware";
  const view = { role: "viewer", scope: "product" } as const;
  const change = { role: "operator", scope: "product" } as const;
  const findOwn = async (firmwareId: string | undefined, productKey: string) => {
    const found = await firmware.find(firmwareId ?? "");
    return found?.productKey === productKey ? found : undefined;
  };
  return [
    route({
      method: "POST",
      path,
      access: change,
      summary: "Upload a firmware",
      description: `The body is the file, as \`application/octet-stream\`: ${most} bytes at most.`,
      takesBytes: true,
      query: identity,
      response: { 201: firmwareBody },
      async handle({ productKey, query: { module, version }, bytes, actor }) {
        if (!files || !bytes) return NO_PLACE;
        if (await firmware.findVersion(productKey, module, version)) return TAKEN;
        const firmwareId = drawText(random, 20, ID_ALPHABET);
        await firmware.announce({ firmwareId, productKey, module, version, createdAtMs: clock.nowMs() });
        const measured = await files.put(firmwareId, bytes, most);
        const kept = measured === "too_large" ? measured : await firmware.keep(firmwareId, measured);
        if (kept === "too_large" || kept === "taken") {
          await firmware.giveUp(firmwareId);
          return kept === "taken" ? TAKEN : tooLarge(most);
        }
        const { size, sha256 } = kept;
        const act = { actor: actor.name, peer: actor.peer, atMs: clock.nowMs(), target: productKey };
        await audit.record({
          ...act,
          action: "firmware.create",
          detail: { firmwareId, module, version, size, sha256 },
        });
        return show(kept);
      },
    }),
    route({
      method: "GET",
      path,
      access: view,
      summary: "List firmware",
      description: "The newest first.",
      query: pageQuery,
      response: { 200: pageOf(firmwareBody) },
      async handle({ productKey, query: { limit, cursor } }) {
        const found = await firmware.list(productKey, { limit: limit + 1, ...(cursor ? { before: cursor } : {}) });
        return page(found, limit);
      },
    }),
    route({
      method: "GET",
      path: `${path}/:firmwareId`,
      access: view,
      summary: "Show a firmware",
      response: { 200: firmwareBody },
      async handle({ productKey, params }) {
        const found = await findOwn(params["firmwareId"], productKey);
        return found ? show(found) : NO_FIRMWARE;
      },
    }),
    route({
      method: "DELETE",
      path: `${path}/:firmwareId`,
      access: change,
      summary: "Delete a firmware",
      description: "Not while a job that has not ended needs it. The file goes within a minute.",
      response: { 204: z.null() },
      async handle({ productKey, params, actor }) {
        const found = await findOwn(params["firmwareId"], productKey);
        if (!found) return NO_FIRMWARE;
        const { firmwareId, module, version } = found;
        if ((await firmware.giveUp(firmwareId)) === "in_use")
          return serviceProblem({
            status: 409,
            code: "firmware_in_use",
            title: "A job needs the firmware",
            detail: "cancel the job first, or wait for its end",
          });
        const act = { actor: actor.name, peer: actor.peer, atMs: clock.nowMs(), target: productKey };
        await audit.record({ ...act, action: "firmware.delete", detail: { firmwareId, module, version } });
        return null;
      },
    }),
  ];
}

function tooLarge(most: number) {
  return serviceProblem({
    status: 413,
    code: "body_too_large",
    title: "The file is too large",
    detail: `${most} bytes at most: TRINE_FIRMWARE_MAX_BYTES`,
  });
}

function show({ firmwareId, module, version, size, md5, sha256, createdAtMs }: Firmware) {
  return { firmwareId, module, version, size, md5, sha256, createdAt: new Date(createdAtMs).toISOString() };
}

function page(found: readonly Firmware[], limit: number) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(show), ...(found.length > limit && last ? { nextCursor: last.firmwareId } : {}) };
}
