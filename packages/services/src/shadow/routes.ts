import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import { z } from "zod";
import type { ServiceHost } from "../contracts.ts";
import {
  instant,
  type RouteRequest,
  route,
  type ServiceProblem,
  type ServiceRoute,
  serviceProblem,
} from "../kit/rest/index.ts";
import type { SectionChange, ShadowRefusal } from "./change-shadow.ts";
import { EMPTY_SECTION, fitsShadow, isAttributes, type Section, SHADOW_LIMITS, type Shadow } from "./shadow.ts";
import type { ShadowStore } from "./store.ts";
import type { ShadowTeller } from "./tell-device.ts";
import type { ShadowWriter } from "./write-shadow.ts";

interface Deps extends Pick<ServiceHost, "audit" | "clock" | "isOn"> {
  readonly store: ShadowStore;
  readonly writer: ShadowWriter;
  readonly teller: ShadowTeller;
}

const PATH = "/v1/products/:productKey/devices/:deviceName/shadow";
const READ = { role: "viewer", scope: "product" } as const;
const WRITE = { role: "operator", scope: "product" } as const;

const attributes = z.record(z.string(), z.unknown());

const shadowBody = z.object({
  version: z.int().describe("0: the device has no shadow."),
  changedAt: instant.optional(),
  state: z.object({ reported: attributes, desired: attributes }),
  metadata: z
    .object({ reported: z.record(z.string(), instant), desired: z.record(z.string(), instant) })
    .describe("When each attribute was written last."),
});

const desiredBody = z.strictObject({
  desired: attributes.describe(
    `Attributes, at most ${SHADOW_LIMITS.attributes}, nested ${SHADOW_LIMITS.depth} levels at most. \`null\`, and the text "null", take one away.`,
  ),
  version: z
    .int()
    .min(1)
    .optional()
    .describe(
      "The version that the shadow is to have; it has to exceed the stored one, else 409. Absent: the next one.",
    ),
});

const TOLD = "The device is told at once, or when it comes back: then of the newest only.";

/** What applications do with shadows. */
export function shadowRoutes(deps: Deps): readonly ServiceRoute[] {
  const change = (is: "patched" | "replaced") => (request: RouteRequest<unknown, z.output<typeof desiredBody>>) =>
    changeDesired(deps, is, request);
  return [
    route({
      method: "GET",
      path: PATH,
      access: READ,
      summary: "Show the shadow of a device",
      response: { 200: shadowBody },
      handle: async ({ device }) => showShadow((await deps.store.find(device))?.shadow),
    }),
    route({
      method: "PUT",
      path: PATH,
      access: WRITE,
      summary: "Replace what a device is to be",
      description: `${TOLD} \`{"desired": {}}\` desires nothing any more.`,
      body: desiredBody,
      response: { 200: shadowBody },
      handle: change("replaced"),
    }),
    route({
      method: "PATCH",
      path: PATH,
      access: WRITE,
      summary: "Change what a device is to be",
      description: `${TOLD} What is not named stays, also within objects (RFC 7396).`,
      body: desiredBody,
      response: { 200: shadowBody },
      handle: change("patched"),
    }),
    route({
      method: "DELETE",
      path: PATH,
      access: WRITE,
      summary: "Delete the shadow of a device",
      description: "With its version: the device may start with any again. The device is not told.",
      response: { 200: shadowBody },
      handle: (request) => removeShadow(deps, request),
    }),
  ];
}

async function changeDesired(
  { writer, teller, audit, clock, isOn }: Deps,
  is: "patched" | "replaced",
  { device, body: { desired, version }, actor }: RouteRequest<unknown, z.output<typeof desiredBody>>,
): Promise<z.input<typeof shadowBody> | ServiceProblem> {
  const given: unknown = desired;
  if (!isAttributes(given) || !fitsShadow(given))
    return invalid(`nested more than ${SHADOW_LIMITS.depth} levels, or a number in it is none`);
  if (!(await isOn(device))) return SWITCHED_OFF;
  const change: SectionChange = { is, by: given };
  const written = await writer.change(device, { desired: change, ...(version === undefined ? {} : { version }) }, true);
  if (typeof written === "string") return PROBLEMS[written];
  await teller.tell(device);
  const detail = { version: written.shadow?.version, attributes: Object.keys(given) };
  await audit.record({ ...actedOn(device), atMs: clock.nowMs(), ...by(actor), action: "shadow.desire", detail });
  return showShadow(written.shadow);
}

async function removeShadow(
  { writer, teller, audit, clock }: Deps,
  { device, actor }: RouteRequest<unknown, unknown>,
): Promise<z.input<typeof shadowBody> | ServiceProblem> {
  const written = await writer.remove(device);
  if (written === "busy") return PROBLEMS.busy;
  await teller.withdraw(device, written.before?.toldMessageId);
  const detail = { version: written.before?.shadow?.version ?? 0 };
  await audit.record({ ...actedOn(device), atMs: clock.nowMs(), ...by(actor), action: "shadow.delete", detail });
  return showShadow(undefined);
}

const actedOn = (device: DeviceRef) => ({ target: deviceKey(device) });
const by = ({ name, peer }: RouteRequest<unknown, unknown>["actor"]) => ({ actor: name, peer });

const invalid = (detail: string) =>
  serviceProblem({ status: 400, code: "invalid", title: "The request is not valid", detail, field: "desired" });

const SWITCHED_OFF = serviceProblem({
  status: 409,
  code: "service_off",
  title: "The product does not have this service",
  detail: "switch it on: PATCH /v1/products/{productKey} with {services: {shadow: true}}",
});

const PROBLEMS: Readonly<Record<ShadowRefusal | "busy", ServiceProblem>> = {
  version_conflict: serviceProblem({
    status: 409,
    code: "version_conflict",
    title: "The version does not exceed the stored one",
    detail: "read the shadow, and decide anew",
    field: "version",
  }),
  too_many_attributes: invalid(`more than ${SHADOW_LIMITS.attributes} attributes`),
  too_large: serviceProblem({
    status: 413,
    code: "too_large",
    title: "The shadow is too large",
    detail: `what is reported and desired has ${SHADOW_LIMITS.bytes} bytes at most`,
    field: "desired",
  }),
  no_shadow: serviceProblem({ status: 404, code: "shadow_not_found", title: "The device has no shadow" }),
  busy: serviceProblem({ status: 503, code: "busy", title: "Too many write this shadow at once", detail: "try again" }),
};

function showShadow(shadow: Shadow | undefined): z.input<typeof shadowBody> {
  const { reported, desired } = shadow ?? { reported: EMPTY_SECTION, desired: EMPTY_SECTION };
  return {
    version: shadow?.version ?? 0,
    ...(shadow ? { changedAt: isoTime(shadow.changedAt) } : {}),
    state: { reported: { ...reported.state }, desired: { ...desired.state } },
    metadata: { reported: showTimes(reported), desired: showTimes(desired) },
  };
}

function showTimes({ since }: Section): Record<string, string> {
  return Object.fromEntries(Object.entries(since).map(([name, seconds]) => [name, isoTime(seconds)]));
}

function isoTime(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
