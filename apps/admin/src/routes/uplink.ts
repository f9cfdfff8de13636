import { parseProductKey } from "@trine/core/certificate";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { invalidField, notFound, ProblemError } from "../problem-reply.ts";
import { problemBody } from "../schema/names.ts";
import {
  groupBody,
  groupOptions,
  groupParams,
  readRequest,
  showGroup,
  showItem,
  uplinkItem,
} from "../schema/uplink.ts";
import { writeEvents } from "../write-events.ts";

const tags = ["uplink"];

/** A waiting read looks again at least this often: a deadline that passes makes no sound. */
const LOOK_AGAIN_MS = 500;

/** Routes of consumer groups of the uplink log. */
export function uplinkRoutes(app: AdminApp, { recorder, operators: { uplinkLog } }: AdminDeps): void {
  app.get(
    "/v1/uplink/groups",
    {
      config: { access: { role: "viewer", scope: "listed" } },
      schema: { tags, summary: "List consumer groups", response: { 200: z.object({ items: z.array(groupBody) }) } },
    },
    async () => ({ items: (await uplinkLog.listGroups()).map(showGroup) }),
  );

  app.put(
    "/v1/uplink/groups/:group",
    {
      config: { access: { role: "operator", scope: "fleet" } },
      schema: {
        tags,
        summary: "Make a group, or change its deadline",
        params: groupParams,
        body: groupOptions,
        response: { 200: groupBody, 400: problemBody },
      },
    },
    async ({ params: { group }, body }) => {
      await uplinkLog.putGroup(group, body);
      const made = (await uplinkLog.listGroups()).find((info) => info.group === group);
      if (!made) throw notFound("group_not_found", "The group was deleted meanwhile");
      return showGroup(made);
    },
  );

  app.delete(
    "/v1/uplink/groups/:group",
    {
      config: { access: { role: "operator", scope: "listed" } },
      schema: {
        tags,
        summary: "Delete a group and its position",
        params: groupParams,
        response: { 204: z.null(), 404: problemBody },
      },
    },
    async ({ params: { group } }, reply) => {
      if (!(await uplinkLog.deleteGroup(group))) throw notFound("group_not_found", "There is no such group");
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/uplink/groups/:group/read",
    {
      config: { access: { role: "operator", scope: "listed" } },
      schema: {
        tags,
        summary: "Read messages",
        description:
          "At least once, each device's messages in order. Acknowledge within the deadline, or they are given to another consumer. " +
          "A group that is read first is made, from the earliest message.",
        params: groupParams,
        body: readRequest,
        response: { 200: z.object({ items: z.array(uplinkItem) }), 400: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => ({
      items: (await readOrWait(uplinkLog, { group: request.params.group, request: request.body, reply })).map(showItem),
    }),
  );

  app.post(
    "/v1/uplink/groups/:group/ack",
    {
      config: { access: { role: "operator", scope: "listed" } },
      schema: {
        tags,
        summary: "Acknowledge messages",
        params: groupParams,
        body: z.strictObject({ ids: z.array(z.string().min(1).max(128)).min(1).max(10_000) }),
        response: { 200: z.object({ acknowledged: z.int() }), 400: problemBody },
      },
    },
    async ({ params: { group }, body }) => ({ acknowledged: await uplinkLog.acknowledge(group, body.ids) }),
  );

  app.get(
    "/v1/uplink/stream",
    {
      config: { access: { role: "viewer", scope: "listed" } },
      // The answer to HEAD would never end.
      exposeHeadRoute: false,
      schema: {
        tags,
        summary: "Watch messages as they arrive",
        description: "Server-sent events, for looking: no acknowledgement, and a slow reader misses messages.",
        produces: ["text/event-stream"],
        response: { 200: z.string().describe("An event `message` for each, its data as an item of a read.") },
      },
    },
    async (_request, reply) => {
      reply.hijack();
      const gone = closedSignal(reply);
      await writeEvents(reply.raw, uplinkLog.follow(gone), gone).catch((error: unknown) =>
        recorder.fault("uplink_stream", error),
      );
      reply.raw.end();
    },
  );
}

async function readOrWait(
  log: UplinkLog,
  { group, request, reply }: { group: string; request: z.output<typeof readRequest>; reply: FastifyReply },
): Promise<readonly UplinkItem[]> {
  const { consumer, count, waitMs, productKey: asked } = request;
  const productKey = asked === undefined ? undefined : parseProductKey(asked);
  if (asked !== undefined && !productKey) throw invalidField("productKey", "1 to 20 letters and digits");
  const signal = closedSignal(reply);
  const deadline = performance.now() + waitMs;
  for (;;) {
    const read = await log.read(group, { consumer, count, ...(productKey ? { productKey } : {}), nowMs: Date.now() });
    if (read === "filter_differs") {
      throw new ProblemError({
        status: 409,
        code: "group_filter_differs",
        title: "The group is bound to another product, or to none",
        detail: "a group sees one product or all of them, as its first read said; use another group",
        field: "productKey",
      });
    }
    const left = deadline - performance.now();
    if (read.length > 0 || left <= 0 || signal.aborted) return read;
    await log.waitForNew(Math.min(left, LOOK_AGAIN_MS), signal);
  }
}

/** Aborts when the client is gone. It listens to the answer, which goes with the request; the socket stays for the next one. */
function closedSignal({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController();
  raw.once("close", () => closed.abort());
  if (raw.destroyed) closed.abort();
  return closed.signal;
}
