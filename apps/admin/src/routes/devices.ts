import { pageOf } from "@trine/services/rest";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { actorOf } from "../admin-deps.ts";
import { compact } from "../compact.ts";
import { orProblem } from "../problem-reply.ts";
import {
  certificateBody,
  createdDevice,
  deviceBody,
  deviceChange,
  deviceQuery,
  newDevice,
  revokedBody,
  showDevice,
  tagsOfQuery,
} from "../schema/devices.ts";
import { deviceOfPath, deviceParams, problemBody, productOfPath, productParams } from "../schema/names.ts";

const tags = ["devices"];
const missing = { 404: problemBody } as const;

/** Routes of devices: add, show, change, delete, certificate. */
export function deviceRoutes(app: AdminApp, { operators: { devices } }: AdminDeps): void {
  app.post(
    "/v1/products/:productKey/devices",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Add a device",
        params: productParams,
        body: newDevice,
        response: { 201: createdDevice, 400: problemBody, ...missing, 409: problemBody },
      },
    },
    async (request, reply) => {
      const added = orProblem(
        await devices.add(actorOf(request), productOfPath(request.params), compact(request.body)),
      );
      return reply.code(201).send({ ...showDevice(added.device), deviceSecret: added.deviceSecret.reveal() });
    },
  );

  app.get(
    "/v1/products/:productKey/devices",
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: {
        tags,
        summary: "List devices",
        params: productParams,
        querystring: deviceQuery,
        response: { 200: pageOf(deviceBody), 400: problemBody, ...missing },
      },
    },
    async ({ params, query }) => {
      const { limit, cursor, status, q } = query;
      const filter = compact({ status, namePrefix: q, tags: tagsOfQuery(query) });
      const page = orProblem(await devices.list(productOfPath(params), filter, compact({ limit, cursor })));
      return { ...page, items: page.items.map(showDevice) };
    },
  );

  app.get(
    "/v1/products/:productKey/devices/:deviceName",
    {
      config: { access: { role: "viewer", scope: "product" } },
      schema: { tags, summary: "Show a device", params: deviceParams, response: { 200: deviceBody, ...missing } },
    },
    async ({ params }) => showDevice(orProblem(await devices.find(deviceOfPath(params)))),
  );

  app.patch(
    "/v1/products/:productKey/devices/:deviceName",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Change nickname or tags",
        params: deviceParams,
        body: deviceChange,
        response: { 200: deviceBody, 400: problemBody, ...missing },
      },
    },
    async (request) =>
      showDevice(
        orProblem(await devices.update(actorOf(request), deviceOfPath(request.params), compact(request.body))),
      ),
  );

  app.delete(
    "/v1/products/:productKey/devices/:deviceName",
    {
      config: { access: { role: "operator", scope: "product" } },
      schema: {
        tags,
        summary: "Delete a device for good",
        description: "Its sessions are closed on every node, and its mailbox is dropped, when this answers.",
        params: deviceParams,
        response: { 200: revokedBody, ...missing },
      },
    },
    async (request) => orProblem(await devices.remove(actorOf(request), deviceOfPath(request.params))),
  );

  app.get(
    "/v1/products/:productKey/devices/:deviceName/certificate",
    {
      config: { access: { role: "admin", scope: "product" } },
      schema: {
        tags,
        summary: "Read the device certificate",
        description:
          "The triple that the firmware needs; while a rotation is under way, with the second secret. Every read is in the audit log.",
        params: deviceParams,
        response: { 200: certificateBody, ...missing },
      },
    },
    async (request, reply) => {
      const { productKey, deviceName, deviceSecret } = orProblem(
        await devices.certificate(actorOf(request), deviceOfPath(request.params)),
      );
      reply.header("cache-control", "no-store");
      return { productKey, deviceName, deviceSecret: deviceSecret.reveal() };
    },
  );

  const acts = {
    disable: "Disable: close its sessions and refuse it until it is enabled",
    enable: "Enable again",
    kick: "Close its sessions; it may log in again at once",
  } as const;
  for (const [act, summary] of Object.entries(acts) as [keyof typeof acts, string][]) {
    app.post(
      `/v1/products/:productKey/devices/:deviceName/${act}`,
      {
        config: { access: { role: "operator", scope: "product" } },
        schema: { tags, summary, params: deviceParams, response: { 200: revokedBody, ...missing } },
      },
      async (request) => orProblem(await devices[act](actorOf(request), deviceOfPath(request.params))),
    );
  }
}
