import { isRefusal } from "@trine/core/auth";
import { deviceKey } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../../contracts.ts";
import type { ProductMemory } from "../../kit/memory.ts";
import { serviceProblem } from "../../kit/rest/service-problem.ts";
import { type RouteRequest, route, type ServiceRoute } from "../../kit/rest/service-route.ts";
import type { Calls } from "../calls/calls.ts";
import type { DesiredValues } from "../desired/desired-store.ts";
import type { KnownModel } from "../known-model.ts";
import { checkItems } from "../tsl/check-request.ts";
import { identifier } from "../tsl/data-type.ts";
import { deviceGone } from "./call-problems.ts";
import { itemsOf } from "./call-routes.ts";

const PATH = "/v1/products/:productKey/devices/:deviceName/desired";
const PUSH_WITHIN_MS = 60_000;

const version = z
  .number()
  .int()
  .min(0)
  .max(2 ** 31 - 1);
const changeBody = z.strictObject({
  items: itemsOf
    .refine(
      (of) => Object.keys(of).every((name) => identifier.safeParse(name).success),
      "names are 1 to 50 of A-Z a-z 0-9 _",
    )
    .describe("`null` takes a value away."),
  versions: z
    .record(z.string(), version)
    .default({})
    .describe("Only if these are the versions now; 0 where there never was a value."),
});

interface Deps {
  readonly host: Pick<ServiceHost, "clock" | "audit" | "directory">;
  readonly models: Pick<ProductMemory<KnownModel>, "of">;
  readonly calls: Pick<Calls, "ask">;
  readonly desired: DesiredValues;
}

/** What devices are to come to. */
export function desiredRoutes({ host, models, calls, desired }: Deps): readonly ServiceRoute[] {
  /** A device that is not connected asks when it is back. @returns the call, if there is one. */
  async function push({
    device,
    body,
    signal,
  }: Pick<RouteRequest<unknown, z.output<typeof changeBody>>, "device" | "body" | "signal">) {
    const params = Object.fromEntries(Object.entries(body.items).filter(([, value]) => value !== null));
    if (Object.keys(params).length === 0 || !(await host.directory.locate(device))) return undefined;
    const call = await calls.ask(device, {
      service: "property/set",
      params,
      timeoutMs: PUSH_WITHIN_MS,
      waitMs: 0,
      signal,
    });
    return call === "gone" || isRefusal(call) ? undefined : String(call.callId);
  }

  return [
    route({
      method: "GET",
      path: PATH,
      access: { role: "viewer", scope: "product" },
      summary: "Show what a device is to come to",
      response: {
        200: z.object({ items: z.record(z.string(), z.object({ value: z.unknown(), version: z.number().int() })) }),
      },
      async handle({ device }) {
        const known = await desired.list(device);
        return { items: Object.fromEntries(known.map(({ identifier: name, ...of }) => [name, of])) };
      },
    }),
    route({
      method: "PUT",
      path: PATH,
      access: { role: "operator", scope: "product" },
      summary: "Set what a device is to come to",
      description:
        "Each property has a version of its own. A device that is connected is told at once by `property/set`; others ask when they are back.",
      body: changeBody,
      response: { 200: z.object({ versions: z.record(z.string(), z.number().int()), callId: z.string().optional() }) },
      async handle(request) {
        const { device, actor, body } = request;
        const set = Object.fromEntries(Object.entries(body.items).filter(([, value]) => value !== null));
        const problem = checkItems(set, await models.of(device.productKey));
        if (problem) return problem;
        const changes = Object.entries(body.items).map(([name, value]) => ({
          identifier: name,
          value,
          ifVersion: body.versions[name],
        }));
        const nowMs = host.clock.nowMs();
        const changed = await desired.change(device, changes, nowMs);
        if (changed === "gone") return deviceGone();
        if ("outdated" in changed) return outdated(changed.outdated);
        const { name, peer } = actor;
        const { versions } = changed;
        const target = deviceKey(device);
        await host.audit.record({
          atMs: nowMs,
          actor: name,
          action: "model.desired",
          target,
          detail: { versions },
          peer,
        });
        const callId = await push(request);
        return { versions, ...(callId === undefined ? {} : { callId }) };
      },
    }),
  ];
}

function outdated(names: readonly string[]) {
  return serviceProblem({
    status: 409,
    code: "version_conflict",
    title: "A desired value is of another version",
    detail: `not the version now: ${names.join(", ")}`,
    field: `versions.${names[0]}`,
  });
}
