import { isRefusal } from "@trine/core/auth";
import { z } from "zod";
import type { ServiceHost } from "../contracts.ts";
import { instant, pageOf, pageQuery, route, type ServiceRoute, serviceProblem } from "../kit/rest/index.ts";
import type { LogStore } from "./store.ts";

const PATH = "/v1/products/:productKey/devices/:deviceName/logs";
/** A device that was away so long asks for itself when it is back. */
const PUSH_TTL_MS = 86_400_000;

const shownSwitch = z.object({ on: z.boolean().describe("Whether the device is to report its log.") });
const record = z.object({ receivedAt: instant, text: z.string() });

const BAD_CURSOR = serviceProblem({
  status: 400,
  code: "invalid_cursor",
  title: "The cursor is not valid",
  field: "cursor",
});

/** What operators do with logs of devices. */
export function logRoutes(
  host: ServiceHost,
  { store, logConfig }: { store: LogStore; logConfig: (isOn: boolean) => object },
): readonly ServiceRoute[] {
  return [
    route({
      method: "GET",
      path: PATH,
      access: { role: "viewer", scope: "product" },
      summary: "List what a device reported, newest first",
      query: pageQuery,
      response: { 200: pageOf(record) },
      async handle({ device, query: { limit, cursor } }) {
        const before = cursor === undefined ? undefined : Number(cursor);
        if (before !== undefined && !Number.isSafeInteger(before)) return BAD_CURSOR;
        const records = await store.list(device, { limit, ...(before === undefined ? {} : { before }) });
        const last = records.length === limit ? records.at(-1) : undefined;
        return {
          items: records.map(({ receivedAtMs, text }) => ({ receivedAt: new Date(receivedAtMs).toISOString(), text })),
          ...(last && last.position > 1 ? { nextCursor: String(last.position) } : {}),
        };
      },
    }),
    route({
      method: "DELETE",
      path: PATH,
      access: { role: "operator", scope: "product" },
      summary: "Delete what a device reported",
      response: { 200: z.object({}) },
      async handle({ device }) {
        await store.clear(device);
        return {};
      },
    }),
    route({
      method: "GET",
      path: `${PATH}/switch`,
      access: { role: "viewer", scope: "product" },
      summary: "Show whether a device is to report its log",
      response: { 200: shownSwitch },
      handle: async ({ device }) => ({ on: await store.isOn(device) }),
    }),
    route({
      method: "PUT",
      path: `${PATH}/switch`,
      access: { role: "operator", scope: "product" },
      summary: "Have a device report its log, or not",
      description: "The device is told at once if it is connected, else when it is back.",
      body: z.strictObject({ on: z.boolean() }),
      response: { 200: shownSwitch },
      async handle({ device, body: { on }, actor }) {
        await store.turn(device, on);
        const atMs = host.clock.nowMs();
        const target = `${device.productKey}/${device.deviceName}`;
        await host.audit.record({
          atMs,
          actor: actor.name,
          peer: actor.peer,
          action: on ? "logs.on" : "logs.off",
          target,
          detail: {},
        });
        const body = {
          id: String(atMs % 2 ** 32),
          version: "1.0",
          params: logConfig(on),
          method: "thing.config.log.push",
        };
        const topic = `/sys/${target}/thing/config/log/push`;
        const payload = Buffer.from(JSON.stringify(body));
        const sent = await host.downlink.send(device, { topic, payload, qos: 1, ttlMs: PUSH_TTL_MS });
        if (isRefusal(sent) && sent.code === "mailbox_full")
          return serviceProblem({
            status: 429,
            code: "mailbox_full",
            title: "It is set, but the device's mailbox is full",
          });
        return { on };
      },
    }),
  ];
}
