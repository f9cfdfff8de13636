import { randomInt } from "node:crypto";
import { ADMIN_KEY } from "../installation.ts";
import type { GatewayNode } from "../many-nodes.ts";
import { ApiProblem, openApi } from "../operator-api.ts";
import { pause } from "./pause.ts";

const ANSWER_WITHIN_MS = 5_000;
const TRY_AGAIN_MS = 50;
const GIVE_UP_AFTER_MS = 60_000;

/** Calls the REST API at a random node. */
export type CallAnyNode = <T>(request: {
  method: string;
  path: string;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
}) => Promise<T>;

/**
 * An application that knows all nodes: what gets no answer, or that a store is down or a mailbox full, is asked again, at a random node.
 *
 * @throws ApiProblem for any other refusal, and after a minute without success.
 */
export function callAnyNode(nodes: readonly GatewayNode[]): CallAnyNode {
  return async ({ method, path, body, headers }) => {
    const deadline = performance.now() + GIVE_UP_AFTER_MS;
    for (;;) {
      try {
        return await callOneNode(nodes, { method, path, body, ...(headers ? { headers } : {}) });
      } catch (error) {
        if (!isWorthAnother(error) || performance.now() > deadline) throw error;
        await pause(TRY_AGAIN_MS);
      }
    }
  };
}

/** Calls a random node, once. */
export function callOneNode<T>(
  nodes: readonly GatewayNode[],
  { method, path, body, headers }: Parameters<CallAnyNode>[0],
): Promise<T> {
  const node = nodes[randomInt(nodes.length)];
  if (!node) throw new Error("there is no node");
  return openApi(node.ports.admin, ADMIN_KEY, { withinMs: ANSWER_WITHIN_MS }).call<T>(method, path, body, headers);
}

function isWorthAnother(error: unknown): boolean {
  return !(error instanceof ApiProblem) || error.status >= 500 || error.status === 429;
}
