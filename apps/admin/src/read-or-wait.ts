import type { GroupScope } from "@trine/core/access";
import { parseProductKey } from "@trine/core/certificate";
import type { UplinkItem, UplinkLog } from "@trine/core/ports";
import type { FastifyReply } from "fastify";
import type { z } from "zod";
import { type Caller, LOOK_AT_KEY_MS } from "./access/caller.ts";
import { productToRead } from "./access/group-problems.ts";
import { closedSignal } from "./closed-signal.ts";
import { invalidField, ProblemError } from "./problem-reply.ts";
import type { readRequest } from "./schema/uplink.ts";

/** A waiting read looks again at least this often: a deadline that passes makes no sound. */
const LOOK_AGAIN_MS = 500;

interface Read {
  readonly group: string;
  readonly request: z.output<typeof readRequest>;
  readonly caller: Caller;
  readonly reply: FastifyReply;
}

/**
 * Reads messages of a group, and waits for some as long as the request says when there are none.
 *
 * @throws ProblemError for a product that the caller may not read, a group that is bound to another one, or a key that ended meanwhile.
 */
export async function readOrWait(
  { log, scope }: { log: UplinkLog; scope: GroupScope },
  { group, request, caller, reply }: Read,
): Promise<readonly UplinkItem[]> {
  const { consumer, count, waitMs, productKey: asked } = request;
  const parsed = asked === undefined ? undefined : parseProductKey(asked);
  if (asked !== undefined && !parsed) throw invalidField("productKey", "1 to 20 letters and digits");
  const productKey = productToRead(scope, parsed, caller);
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
