import type { Duplex } from "node:stream";
import type { Inbound, Receivers } from "../inbound.ts";
import type { Upgrader } from "../web-socket/create-upgrader.ts";
import type { Begins } from "./first-bytes.ts";
import { peek } from "./peek.ts";
import { readHead } from "./read-head.ts";

/**
 * Gives a connection to its receiver, by how it begins.
 *
 * @returns why nobody takes it; it is to be closed then.
 */
export async function deliver(
  inbound: Inbound,
  begins: Exclude<Begins, "tls">,
  { receivers, upgrader, withinMs }: { receivers: Receivers; upgrader: Upgrader; withinMs: number },
): Promise<string | undefined> {
  const { any, binary, http, webSocket, upgrade } = receivers;
  if (any) return hand(inbound, any);
  if (begins === "binary") return hand(inbound, binary ?? http);
  if (http && !webSocket && !upgrade) return hand(inbound, http);
  const asks = await requestOf(inbound.stream, withinMs);
  if (asks === "closed" || asks === "late") return asks;
  if (asks === "webSocket" && upgrade) return hand(inbound, upgrade);
  // Without anybody else for HTTP, whoever speaks WebSocket says what he expects.
  if (webSocket && (asks === "webSocket" || !http)) {
    upgrader.upgrade(inbound, webSocket);
    return undefined;
  }
  return hand(inbound, http ?? binary);
}

function hand(inbound: Inbound, receive: ((inbound: Inbound) => void) | undefined): string | undefined {
  receive?.(inbound);
  return receive ? undefined : "no_receiver";
}

function requestOf(stream: Duplex, withinMs: number) {
  return peek(stream, {
    judge(seen) {
      const asks = readHead(seen);
      return asks && { is: asks, used: 0 };
    },
    withinMs,
  });
}
