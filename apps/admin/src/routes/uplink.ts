import { reachesProduct } from "@trine/core/access";
import { parseProductKey } from "@trine/core/certificate";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import type { FastifyReply } from "fastify";
import { z } from "zod";
import { type Caller, callerOf } from "../access/caller.ts";
import { createGroupScope, type GroupScope } from "../access/group-scope.ts";
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

/** A key that is revoked or limited while a request waits ends it within this time. */
const LOOK_AT_KEY_MS = 2_000;

/** Routes of consumer groups of the uplink log. */
export function uplinkRoutes(app: AdminApp, { recorder, operators: { uplinkLog } }: AdminDeps): void {
  const scope = createGroupScope(uplinkLog);

  app.get(
    "/v1/uplink/groups",
    {
      config: { access: { role: "viewer", scope: "listed" } },
      schema: { tags, summary: "List consumer groups", response: { 200: z.object({ items: z.array(groupBody) }) } },
    },
    async (request) => ({ items: scope.visible(await uplinkLog.listGroups(), callerOf(request)).map(showGroup) }),
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
    async (request, reply) => {
      const { group } = request.params;
      await scope.check(group, callerOf(request));
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
          "A group that is read first is made, from the earliest message. A key that is limited to products reads groups that are bound to one of them.",
        params: groupParams,
        body: readRequest,
        response: { 200: z.object({ items: z.array(uplinkItem) }), 400: problemBody, 409: problemBody },
      },
    },
    async (request, reply) => {
      const { params, body } = request;
      const items = await readOrWait(
        { log: uplinkLog, scope },
        { group: params.group, request: body, caller: callerOf(request), reply },
      );
      return { items: items.map(showItem) };
    },
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
    async (request) => {
      const { group } = request.params;
      await scope.check(group, callerOf(request));
      return { acknowledged: await uplinkLog.acknowledge(group, request.body.ids) };
    },
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
    async (request, reply) => {
      const caller = callerOf(request);
      reply.hijack();
      const closed = closedSignal(reply);
      const ended = endOfAccess(caller, closed, (error) => recorder.fault("uplink_stream", error));
      const gone = AbortSignal.any([closed, ended]);
      await writeEvents(reply.raw, only(uplinkLog.follow(gone), caller), gone).catch((error: unknown) =>
        recorder.fault("uplink_stream", error),
      );
      reply.raw.end();
    },
  );
}

interface Read {
  readonly group: string;
  readonly request: z.output<typeof readRequest>;
  readonly caller: Caller;
  readonly reply: FastifyReply;
}

async function readOrWait(
  { log, scope }: { log: UplinkLog; scope: GroupScope },
  { group, request, caller, reply }: Read,
): Promise<readonly UplinkItem[]> {
  const { consumer, count, waitMs, productKey: asked } = request;
  const parsed = asked === undefined ? undefined : parseProductKey(asked);
  if (asked !== undefined && !parsed) throw invalidField("productKey", "1 to 20 letters and digits");
  const productKey = scope.productToRead(parsed, caller);
  const signal = closedSignal(reply);
  const deadline = performance.now() + waitMs;
  let lookAtKey = performance.now() + LOOK_AT_KEY_MS;
  for (;;) {
    if (performance.now() >= lookAtKey) {
      if (!(await caller.stillHolds())) throw accessEnded();
      lookAtKey = performance.now() + LOOK_AT_KEY_MS;
    }
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
    scope.noteRead(group, productKey);
    const left = deadline - performance.now();
    if (read.length > 0 || left <= 0 || signal.aborted) return read;
    await log.waitForNew(Math.min(left, LOOK_AGAIN_MS), signal);
  }
}

function accessEnded(): ProblemError {
  return new ProblemError({
    status: 401,
    code: "access_ended",
    title: "The key or session ended while the read waited",
  });
}

/** What the caller may see of what comes. */
async function* only(items: AsyncIterable<UplinkItem>, caller: Caller): AsyncIterable<UplinkItem> {
  for await (const item of items) if (reachesProduct(caller, item.productKey)) yield item;
}

/** Aborts when the caller's key or session ended, or nobody can tell any more. */
function endOfAccess(caller: Caller, closed: AbortSignal, onFault: (error: unknown) => void): AbortSignal {
  const ended = new AbortController();
  const look = async () => {
    const holds = await caller.stillHolds().catch((error: unknown) => onFault(error));
    if (!holds) ended.abort();
  };
  const looking = setInterval(() => void look(), LOOK_AT_KEY_MS);
  for (const signal of [closed, ended.signal]) signal.addEventListener("abort", () => clearInterval(looking));
  return ended.signal;
}

/** Aborts when the client is gone. It listens to the answer, which goes with the request; the socket stays for the next one. */
function closedSignal({ raw }: FastifyReply): AbortSignal {
  const closed = new AbortController();
  raw.once("close", () => closed.abort());
  if (raw.destroyed) closed.abort();
  return closed.signal;
}
