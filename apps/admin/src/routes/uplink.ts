import { createGroupScope, READING_ROLE } from "@trine/core/access";
import { z } from "zod";
import { callerOf } from "../access/caller.ts";
import { checkGroup } from "../access/group-problems.ts";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { notFound } from "../problem-reply.ts";
import { readOrWait } from "../read-or-wait.ts";
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

const tags = ["uplink"];

/** Routes of consumer groups of the uplink log. */
export function uplinkRoutes(app: AdminApp, { operators: { uplinkLog } }: AdminDeps): void {
  const scope = createGroupScope({ log: uplinkLog, clock: { monotonicMs: () => performance.now() } });

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
      await checkGroup(scope, group, callerOf(request));
      if (!(await uplinkLog.deleteGroup(group))) throw notFound("group_not_found", "There is no such group");
      return reply.code(204).send(null);
    },
  );

  app.post(
    "/v1/uplink/groups/:group/read",
    {
      config: { access: { role: READING_ROLE, scope: "listed" } },
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
      config: { access: { role: READING_ROLE, scope: "listed" } },
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
      await checkGroup(scope, group, callerOf(request));
      return { acknowledged: await uplinkLog.acknowledge(group, request.body.ids) };
    },
  );
}
