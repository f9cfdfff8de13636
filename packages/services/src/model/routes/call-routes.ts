import { isRefusal } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Actor } from "@trine/core/registry";
import { z } from "zod";
import type { ServiceHost } from "../../contracts.ts";
import type { ProductMemory } from "../../kit/memory.ts";
import { instant } from "../../kit/rest/pages.ts";
import { serviceProblem } from "../../kit/rest/service-problem.ts";
import { type RouteRequest, route, type ServiceRoute } from "../../kit/rest/service-route.ts";
import type { Call } from "../calls/call-store.ts";
import type { Calls } from "../calls/calls.ts";
import type { SyncCalls } from "../calls/sync-calls.ts";
import type { KnownModel } from "../known-model.ts";
import { checkArgs, checkItems, checkNames } from "../tsl/check-request.ts";
import { identifier } from "../tsl/data-type.ts";
import { MOST_PROPERTIES } from "../tsl/parse-model.ts";
import { callRefused, deviceGone, notAsked } from "./call-problems.ts";

const DEVICE = "/v1/products/:productKey/devices/:deviceName";
const MOST_WAIT_MS = 8_000;
const WEEK_SECONDS = 604_800;
/** How long a synchronous service has, where the caller does not say. */
const SYNC_WAIT_MS = 5_000;

const query = z.strictObject({
  wait: z.coerce
    .number()
    .int()
    .min(0)
    .max(MOST_WAIT_MS)
    .default(0)
    .describe("Milliseconds to wait for the device's answer."),
});
const timeoutSeconds = z
  .number()
  .int()
  .min(1)
  .max(WEEK_SECONDS)
  .default(60)
  .describe("How long it waits for a device that is not connected, and for the answer.");
export const itemsOf = z
  .record(z.string(), z.unknown())
  .refine((of) => Object.keys(of).length > 0 && Object.keys(of).length <= MOST_PROPERTIES, `1 to ${MOST_PROPERTIES}`);

const callBody = z.object({
  callId: z.string().describe("Also the `id` of the message, and the `requestId` in the uplink log."),
  state: z.enum(["sent", "answered", "timed_out"]),
  service: z.string(),
  params: z.unknown(),
  createdAt: instant,
  expiresAt: instant,
  answeredAt: instant.optional(),
  code: z.number().optional().describe("As the device says; 200 is success."),
  message: z.string().optional(),
  data: z.unknown().optional(),
});

interface Deps {
  readonly host: Pick<ServiceHost, "clock" | "audit">;
  readonly models: Pick<ProductMemory<KnownModel>, "of">;
  readonly calls: Pick<Calls, "ask" | "find">;
  readonly callNow: SyncCalls;
}

type Request = Pick<
  RouteRequest<{ wait: number }, { timeoutSeconds: number }>,
  "device" | "actor" | "query" | "body" | "signal"
>;

/** What operators and applications may ask devices to do. */
export function callRoutes({ host, models, calls, callNow }: Deps): readonly ServiceRoute[] {
  async function ask({ device, actor, query: { wait }, body, signal }: Request, service: string, params: unknown) {
    const timeoutMs = body.timeoutSeconds * 1_000;
    const call = await calls.ask(device, { service, params, timeoutMs, waitMs: wait, signal });
    if (call === "gone") return deviceGone();
    if (isRefusal(call)) return callRefused(call);
    await audit(device, actor, { callId: String(call.callId), service });
    return show(call);
  }
  async function askNow({ device, actor, query: { wait }, signal }: Request, service: string, params: unknown) {
    const timeoutMs = wait || SYNC_WAIT_MS;
    const call = await callNow(device, { service, params, timeoutMs, waitMs: timeoutMs, signal });
    if (call === "gone") return deviceGone();
    if ("why" in call) return notAsked(call);
    await audit(device, actor, { callId: String(call.callId), service });
    return show(call);
  }
  async function audit(device: DeviceRef, { name, peer }: Actor, detail: Readonly<Record<string, unknown>>) {
    const target = deviceKey(device);
    await host.audit.record({ atMs: host.clock.nowMs(), actor: name, action: "model.call", target, detail, peer });
  }
  function show({ callId, service, params, createdAtMs, expiresAtMs, answer }: Call) {
    return {
      callId: String(callId),
      state: answer
        ? ("answered" as const)
        : host.clock.nowMs() < expiresAtMs
          ? ("sent" as const)
          : ("timed_out" as const),
      service,
      params,
      createdAt: new Date(createdAtMs).toISOString(),
      expiresAt: new Date(expiresAtMs).toISOString(),
      ...(answer ? { answeredAt: new Date(answer.answeredAtMs).toISOString(), code: answer.code } : {}),
      ...(answer ? { message: answer.message, data: answer.data } : {}),
    };
  }
  const common = {
    method: "POST",
    access: { role: "operator", scope: "product" },
    description:
      "Waits in the device's mailbox, whatever protocol it speaks; `GET .../calls/{callId}` tells what became of it.",
    query,
    response: { 200: callBody },
  } as const;

  return [
    route({
      ...common,
      path: `${DEVICE}/properties`,
      summary: "Set properties of a device",
      body: z.strictObject({ items: itemsOf, timeoutSeconds }),
      handle: async (request) =>
        checkItems(request.body.items, await models.of(request.device.productKey)) ??
        ask(request, "property/set", request.body.items),
    }),
    route({
      ...common,
      path: `${DEVICE}/properties/get`,
      summary: "Ask a device for its properties",
      body: z.strictObject({ identifiers: z.array(z.string().max(50)).min(1).max(MOST_PROPERTIES), timeoutSeconds }),
      handle: async (request) =>
        checkNames(request.body.identifiers, await models.of(request.device.productKey)) ??
        ask(request, "property/get", request.body.identifiers),
    }),
    route({
      ...common,
      path: `${DEVICE}/services/:identifier`,
      summary: "Call a service of a device",
      description:
        "Waits in the device's mailbox, unless the model says `callType: sync`: then the device has to be connected, and has `wait` (5000) to answer.",
      body: z.strictObject({ args: z.record(z.string(), z.unknown()).default({}), timeoutSeconds }),
      async handle(request) {
        const service = identifier.safeParse(request.params["identifier"]);
        if (!service.success) return badName();
        const known = await models.of(request.device.productKey);
        const problem = checkArgs(service.data, request.body.args, known);
        if (problem) return problem;
        const isSync = known.model?.services.get(service.data)?.isSync === true;
        return (isSync ? askNow : ask)(request, service.data, request.body.args);
      },
    }),
    route({
      method: "GET",
      path: `${DEVICE}/calls/:callId`,
      access: { role: "viewer", scope: "product" },
      summary: "Show what became of a call",
      description: "For a week.",
      response: { 200: callBody },
      async handle({ device, params: { callId = "" } }) {
        const call = /^\d{1,10}$/.test(callId) ? await calls.find(device, Number(callId)) : undefined;
        return call ? show(call) : serviceProblem({ status: 404, code: "call_not_found", title: "No such call" });
      },
    }),
  ];
}

function badName() {
  return serviceProblem({
    status: 400,
    code: "invalid",
    title: "The request is not valid",
    detail: "identifier: 1 to 50 of A-Z a-z 0-9 _",
    field: "identifier",
  });
}
