import { type DeviceRef, deviceKey, type ProductKey, parseDeviceRef } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../contracts.ts";
import { instant, route, type ServiceProblem, type ServiceRoute, serviceProblem } from "../kit/rest/index.ts";
import type { BindProblem, TopologyStore } from "./store.ts";
import type { Topology } from "./topology.ts";

const PATH = "/v1/products/:productKey/devices/:deviceName/topology";
const MOST_CHANGES = 50;

const name = z.object({ productKey: z.string(), deviceName: z.string() });
const page = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(50).describe("Most items in one answer."),
  cursor: z.string().min(1).optional().describe("`nextCursor` of the answer before."),
});

const PROBLEMS = {
  full: { status: 409, code: "topology_full", title: "The gateway would have too many devices behind it" },
  taken: {
    status: 409,
    code: "topology_taken",
    title: "A device is behind another gateway, and stays there by its product's policy",
  },
  gone: { status: 404, code: "device_not_found", title: "There is no such device", field: "devices" },
} as const satisfies Record<BindProblem, Omit<ServiceProblem, symbol>>;

const NOT_A_GATEWAY = serviceProblem({
  status: 409,
  code: "not_a_gateway",
  title: "The product is not of the node type gateway",
});

/** What operators see and change of who is behind a gateway. */
export function topologyRoutes(deps: {
  host: ServiceHost;
  store: TopologyStore;
  topology: Topology;
}): readonly ServiceRoute[] {
  const { host, store, topology } = deps;

  const audited = (
    actor: { name: string; peer: string },
    gateway: DeviceRef,
    action: string,
    devices: readonly DeviceRef[],
  ) =>
    host.audit.record({
      atMs: host.clock.nowMs(),
      actor: actor.name,
      peer: actor.peer,
      action,
      target: deviceKey(gateway),
      detail: { devices: devices.map(deviceKey) },
    });

  return [
    route({
      method: "GET",
      path: PATH,
      access: { role: "viewer", scope: "product" },
      summary: "List the devices behind a gateway",
      query: page,
      response: {
        200: z.object({ items: z.array(name.extend({ addedAt: instant })), nextCursor: z.string().optional() }),
      },
      async handle({ device, query: { limit, cursor } }) {
        const after = cursor === undefined ? undefined : readCursor(cursor);
        if (cursor !== undefined && !after)
          return serviceProblem({
            status: 400,
            code: "cursor_invalid",
            title: "The cursor is not valid",
            field: "cursor",
          });
        const links = await store.behind(device, { limit: limit + 1, ...(after && { after }) });
        const items = links.slice(0, limit);
        const last = links.length > limit ? items.at(-1) : undefined;
        return {
          items: items.map(({ device: sub, addedAtMs }) => ({ ...sub, addedAt: new Date(addedAtMs).toISOString() })),
          ...(last && { nextCursor: deviceKey(last.device) }),
        };
      },
    }),
    route({
      method: "POST",
      path: PATH,
      access: { role: "operator", scope: "product" },
      summary: "Put devices behind a gateway",
      description:
        "Up to 50, all or none. The gateway is told by `thing/topo/change`. A device that is behind another gateway moves, unless its product's policy refuses.",
      body: z.strictObject({ devices: z.array(name).min(1).max(MOST_CHANGES) }),
      response: { 200: z.object({ added: z.array(name) }) },
      async handle({ device: gateway, body, actor, visible }) {
        const credentials = await host.registry.findCredentials(gateway);
        if (credentials?.product.nodeType !== "gateway") return NOT_A_GATEWAY;
        const devices = body.devices.map(({ productKey, deviceName }) => parseDeviceRef(productKey, deviceName));
        const known = devices.filter((device) => device !== undefined && sees(visible, device.productKey));
        const wanted = [
          ...new Map(known.map((device) => [deviceKey(device as DeviceRef), device as DeviceRef])).values(),
        ];
        if (known.length < devices.length) return serviceProblem(PROBLEMS.gone);
        if (wanted.some((device) => deviceKey(device) === deviceKey(gateway)))
          return serviceProblem({
            status: 409,
            code: "topology_self",
            title: "A gateway is not behind itself",
            field: "devices",
          });
        const added = await topology.add(gateway, wanted, {});
        if (typeof added === "string") return serviceProblem(PROBLEMS[added]);
        await audited(actor, gateway, "topology.add", wanted);
        return { added: added.map(({ device }) => device) };
      },
    }),
    route({
      method: "DELETE",
      path: `${PATH}/:subProductKey/:subDeviceName`,
      access: { role: "operator", scope: "product" },
      summary: "Take a device from behind a gateway",
      description: "Its session over the gateway's connection ends. The gateway is told by `thing/topo/change`.",
      response: { 200: z.object({ removed: z.array(name) }) },
      async handle({ device: gateway, params, actor }) {
        const sub = parseDeviceRef(params["subProductKey"] ?? "", params["subDeviceName"] ?? "");
        const removed = sub ? await topology.remove(gateway, [sub], {}) : [];
        if (removed.length === 0)
          return serviceProblem({ status: 404, code: "not_behind", title: "The device is not behind this gateway" });
        await audited(actor, gateway, "topology.remove", removed);
        return { removed: [...removed] };
      },
    }),
  ];
}

function sees(visible: readonly ProductKey[] | undefined, productKey: ProductKey): boolean {
  return visible === undefined || visible.includes(productKey);
}

function readCursor(cursor: string): DeviceRef | undefined {
  const [productKey = "", deviceName = ""] = cursor.split("/");
  return parseDeviceRef(productKey, deviceName);
}
