import { reachesProduct } from "@trine/core/access";
import type { UplinkItem } from "@trine/core/ports";
import { z } from "zod";
import { type Caller, callerOf, LOOK_AT_KEY_MS } from "../access/caller.ts";
import type { AdminApp, AdminDeps } from "../admin-deps.ts";
import { closedSignal } from "../closed-signal.ts";
import { writeEvents } from "../write-events.ts";

/** The route that shows messages as they arrive. */
export function uplinkStreamRoutes(app: AdminApp, { recorder, operators: { uplinkLog } }: AdminDeps): void {
  app.get(
    "/v1/uplink/stream",
    {
      config: { access: { role: "viewer", scope: "listed" } },
      // The answer to HEAD would never end.
      exposeHeadRoute: false,
      schema: {
        tags: ["uplink"],
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

/** What the caller may see of what comes. */
async function* only(items: AsyncIterable<UplinkItem>, caller: Caller): AsyncIterable<UplinkItem> {
  for await (const item of items) if (reachesProduct(caller, item.productKey)) yield item;
}

/** Aborts when the caller's key or session ended, or nobody can tell any more. */
function endOfAccess(caller: Caller, closed: AbortSignal, onFault: (error: unknown) => void): AbortSignal {
  if (closed.aborted) return closed;
  const ended = new AbortController();
  const look = async () => {
    const holds = await caller.stillHolds().catch((error: unknown) => onFault(error));
    if (!holds) ended.abort();
  };
  const looking = setInterval(() => void look(), LOOK_AT_KEY_MS);
  for (const signal of [closed, ended.signal]) signal.addEventListener("abort", () => clearInterval(looking));
  return ended.signal;
}
