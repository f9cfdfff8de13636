import { z } from "zod";
import type { ServiceHost } from "../contracts.ts";
import { instant, pageOf, pageQuery, route, type ServiceRoute, serviceProblem } from "../kit/rest/index.ts";
import type { FileStore, StoredFile } from "./store.ts";

const PATH = "/v1/products/:productKey/devices/:deviceName/files";
const LINK_MS = 600_000;

const shown = z.object({
  fileName: z.string(),
  size: z.number().int().describe("Bytes."),
  crc64: z.string().describe("CRC-64 of ECMA-182, in hex."),
  uploadedAt: instant,
});

const NONE = serviceProblem({ status: 404, code: "file_not_found", title: "The device has no such file" });

/** What operators do with files that devices uploaded. */
export function fileRoutes(host: ServiceHost, store: FileStore): readonly ServiceRoute[] {
  return [
    route({
      method: "GET",
      path: PATH,
      access: { role: "viewer", scope: "product" },
      summary: "List the files that a device uploaded, by name",
      query: pageQuery,
      response: { 200: pageOf(shown) },
      async handle({ device, query: { limit, cursor } }) {
        const files = await store.list(device, { limit, ...(cursor === undefined ? {} : { after: cursor }) });
        const last = files.length === limit ? files.at(-1) : undefined;
        return { items: files.map(show), ...(last ? { nextCursor: last.fileName } : {}) };
      },
    }),
    route({
      method: "GET",
      path: `${PATH}/:fileName`,
      access: { role: "viewer", scope: "product" },
      summary: "Show a file that a device uploaded, with a link to fetch it",
      response: {
        200: shown.extend({ url: z.string().describe("Holds for ten minutes, on the devices' HTTP port.") }),
      },
      async handle({ device, params }) {
        const file = await store.find(device, params["fileName"] ?? "");
        return file ? { ...show(file), url: host.signedUrl(file.uploadId, LINK_MS) } : NONE;
      },
    }),
    route({
      method: "DELETE",
      path: `${PATH}/:fileName`,
      access: { role: "operator", scope: "product" },
      summary: "Delete a file that a device uploaded",
      response: { 200: z.object({}) },
      async handle({ device, params, actor: { name, peer } }) {
        const fileName = params["fileName"] ?? "";
        if (!(await store.remove(device, fileName))) return NONE;
        const target = `${device.productKey}/${device.deviceName}`;
        const atMs = host.clock.nowMs();
        await host.audit.record({ atMs, actor: name, peer, action: "file.delete", target, detail: { fileName } });
        return {};
      },
    }),
  ];
}

function show({ fileName, size, crc, finishedAtMs }: StoredFile) {
  return { fileName, size, crc64: crc, uploadedAt: new Date(finishedAtMs).toISOString() };
}
