import { drawText, parseProductKey } from "@trine/core/certificate";
import type { Actor } from "@trine/core/registry";
import { isProblem } from "@trine/core/registry";
import type { ServiceHost } from "../../contracts.ts";
import { pageOf, type RouteRequest, route, type ServiceRoute, serviceProblem } from "../../kit/rest/index.ts";
import { NO_FIRMWARE } from "../firmware/firmware-routes.ts";
import type { FirmwareStore } from "../firmware/firmware-store.ts";
import type { Job, JobOrder } from "./job.ts";
import { jobBody, jobQuery, jobsQuery, newJob, showJob, showTarget, targetBody, targetsQuery } from "./job-schema.ts";
import type { JobStore } from "./job-store.ts";

const ID_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789";

const NO_JOB = serviceProblem({ status: 404, code: "ota_job_not_found", title: "There is no such job" });

interface Deps {
  readonly host: Pick<ServiceHost, "audit" | "clock" | "random" | "products">;
  readonly jobs: JobStore;
  readonly firmware: Pick<FirmwareStore, "findVersion">;
}

type Visible = RouteRequest<unknown, unknown>["visible"];

/** What operators do with jobs. One of a product that the caller may not see is as if it was not there. */
export function jobRoutes(deps: Deps): readonly ServiceRoute[] {
  const { jobs } = deps;
  const path = "/v1/ota-jobs";
  const view = { role: "viewer", scope: "listed" } as const;
  const change = { role: "operator", scope: "listed" } as const;
  const findVisible = async (jobId: string | undefined, visible: Visible) => {
    const job = await jobs.find(jobId ?? "");
    return job && reaches(visible, job.productKey) ? job : undefined;
  };

  const order = (name: JobOrder, summary: string, description: string) =>
    route({
      method: "POST",
      path: `${path}/:jobId/${name}`,
      access: change,
      summary,
      description,
      response: { 200: jobBody },
      async handle({ params, visible, actor }) {
        const found = await findVisible(params["jobId"], visible);
        if (!found) return NO_JOB;
        const job = await jobs.order(found.jobId, name, deps.host.clock.nowMs());
        if (job === undefined) return NO_JOB;
        if (job === "conflict")
          return serviceProblem({
            status: 409,
            code: "ota_job_state",
            title: "The job is in another state",
            detail: `it is ${found.state}`,
          });
        await record(deps, actor, { action: `ota_job.${name}`, job });
        return showJob(job, await jobs.count(job.jobId));
      },
    });

  return [
    route({
      method: "POST",
      path,
      access: change,
      summary: "Bring a firmware to devices",
      description:
        "Which devices are in it is found out once, in the background; those that come later are not. A job ends when each of them has ended.",
      body: newJob,
      response: { 201: jobBody },
      handle: ({ body, visible, actor }) => create(deps, body, { visible, actor }),
    }),
    route({
      method: "GET",
      path,
      access: view,
      summary: "List jobs",
      description: "The newest first.",
      query: jobsQuery,
      response: { 200: pageOf(jobBody) },
      async handle({ query: { limit, cursor, productKey }, visible }) {
        const wanted = productKey === undefined ? undefined : parseProductKey(productKey);
        if (productKey !== undefined && !(wanted && reaches(visible, wanted))) return { items: [] };
        const products = wanted ? [wanted] : visible;
        const found = await jobs.list({
          limit: limit + 1,
          ...(cursor === undefined ? {} : { before: cursor }),
          ...(products ? { products } : {}),
        });
        return page(found, limit, { show: (job) => showJob(job), key: ({ jobId }) => jobId });
      },
    }),
    route({
      method: "GET",
      path: `${path}/:jobId`,
      access: view,
      summary: "Show a job, and how many of its devices stand where",
      query: jobQuery,
      response: { 200: jobBody },
      async handle({ params, visible }) {
        const job = await findVisible(params["jobId"], visible);
        return job ? showJob(job, await jobs.count(job.jobId)) : NO_JOB;
      },
    }),
    route({
      method: "GET",
      path: `${path}/:jobId/devices`,
      access: view,
      summary: "List the devices of a job",
      description: "By name.",
      query: targetsQuery,
      response: { 200: pageOf(targetBody) },
      async handle({ params, query: { limit, cursor, state }, visible }) {
        const job = await findVisible(params["jobId"], visible);
        if (!job) return NO_JOB;
        const found = await jobs.targets(job.jobId, {
          limit: limit + 1,
          ...(cursor === undefined ? {} : { after: cursor }),
          ...(state === undefined ? {} : { state }),
        });
        return page(found, limit, { show: showTarget, key: ({ deviceName }) => deviceName });
      },
    }),
    order("pause", "Pause a job", "No further device is told; those that were go on."),
    order("resume", "Resume a paused job", "Failures from before do not count against its bound any more."),
    order("cancel", "Cancel a job", "For ever. Devices that were told may still update themselves."),
  ];
}

async function create(
  deps: Deps,
  body: ReturnType<typeof newJob.parse>,
  { visible, actor }: { visible: Visible; actor: Actor },
) {
  const { host, jobs, firmware } = deps;
  const { productKey, module, version, ...rules } = body;
  if (!reaches(visible, productKey))
    return serviceProblem({
      status: 403,
      code: "out_of_scope",
      title: "The key does not reach this product",
      field: "productKey",
    });
  const product = await host.products.find(productKey);
  if (isProblem(product)) return product;
  const file = await firmware.findVersion(productKey, module, version);
  if (!file) return { ...NO_FIRMWARE, field: "version" };
  const jobId = drawText(host.random, 20, ID_ALPHABET);
  const { firmwareId } = file;
  const createdAtMs = host.clock.nowMs();
  const job = { jobId, productKey, firmwareId, module, version, ...rules, createdAtMs, createdBy: actor.name };
  const created = await jobs.create(job);
  if (created === "no_firmware") return NO_FIRMWARE;
  if (created === "too_many")
    return serviceProblem({
      status: 409,
      code: "too_many_ota_jobs",
      title: "The product has too many jobs that have not ended",
    });
  if (created !== "created")
    return serviceProblem({
      status: 404,
      code: "device_not_found",
      title: "There is no such device",
      detail: `${created.unknownDevice} is no device of the product`,
      field: "deviceNames",
    });
  const made: Job = { ...job, state: "running", isPlanned: false, busy: 0 };
  await record(deps, actor, { action: "ota_job.create", job: made });
  return showJob(made);
}

async function record(
  { host }: Deps,
  { name, peer }: Actor,
  { action, job }: { action: string; job: Pick<Job, "jobId" | "productKey" | "module" | "version"> },
): Promise<void> {
  const { jobId, productKey, module, version } = job;
  const detail = { productKey, module, version };
  await host.audit.record({ actor: name, peer, atMs: host.clock.nowMs(), action, target: jobId, detail });
}

function reaches(visible: Visible, productKey: string): boolean {
  return visible === undefined || visible.some((own) => own === productKey);
}

function page<T, Shown>(found: readonly T[], limit: number, of: { show(item: T): Shown; key(item: T): string }) {
  const items = found.slice(0, limit);
  const last = items.at(-1);
  return { items: items.map(of.show), ...(found.length > limit && last ? { nextCursor: of.key(last) } : {}) };
}
