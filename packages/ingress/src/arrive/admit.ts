import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import { subnetOf } from "@trine/core/guard";
import type { ListenerOptions } from "../ingress.ts";
import type { HandshakeSlots } from "../limits/handshake-slots.ts";
import type { ReadFacts } from "../proxy/parse-proxy-v2.ts";
import type { ProxyHeader } from "../proxy/proxy-header.ts";
import { readProxyHeader } from "../proxy/read-proxy-header.ts";
import type { Terminator } from "../tls/create-terminator.ts";
import { readHello } from "../tls/read-hello.ts";
import type { Upgrader } from "../web-socket/create-upgrader.ts";
import { deliver } from "./deliver.ts";
import { type Begins, beginsAs } from "./first-bytes.ts";
import { peek } from "./peek.ts";

/** What takes part in letting a connection in. */
export interface AdmitDeps {
  readonly isTrustedProxy: (address: string) => boolean;
  readonly readFacts: ReadFacts;
  readonly terminator: Terminator | undefined;
  readonly slots: HandshakeSlots;
  readonly upgrader: Upgrader;
  /** Time of each step that a device may make wait. */
  readonly withinMs: number;
}

/** Where a connection comes from, and what is known of its way already. */
interface Origin {
  readonly peer: string;
  /** What a trusted proxy said; `absent` when it said nothing, and has to say it in HTTP. */
  readonly header: ProxyHeader | "absent" | undefined;
}

/**
 * Finds out what a connection is, step by step: the proxy's word, TLS or not, the protocol inside. Nothing is read that its receiver would miss.
 *
 * @param admitPeer asked as soon as the device's address is known.
 * @returns why nobody takes it; it is to be closed then.
 */
export async function admit(
  socket: Socket,
  { address, options, admitPeer }: { address: string; options: ListenerOptions; admitPeer: (peer: string) => boolean },
  deps: AdmitDeps,
): Promise<string | undefined> {
  const origin = await originOf(socket, address, deps);
  if (typeof origin === "string") return origin;
  const { peer, header } = origin;
  if (!admitPeer(peer)) return "too_many";
  const begins = await beginningOf(socket, deps);
  if (begins === "closed" || begins === "late") return begins;
  const about = header === "absent" ? undefined : header;
  if (begins !== "tls") {
    // What a proxy took out of TLS counts as TLS.
    if (options.tls === "only" && !about?.isSecured) return "not_tls";
    if (header === "absent" && !saysInHttp(begins, options)) return "no_proxy_header";
    const security = about?.isSecured ? "tls" : "none";
    const proof = about?.proof ? { proof: about.proof } : {};
    return deliver({ stream: socket, peer, security, ...proof }, begins, { ...deps, receivers: options.receivers });
  }
  if (options.tls === "never" || !deps.terminator) return "no_tls";
  const channel = await secure(socket, { peer, terminator: deps.terminator }, deps);
  if (typeof channel === "string") return channel;
  const inner = await beginningOf(channel.stream, deps);
  if (inner === "closed" || inner === "late") return inner;
  if (inner === "tls") return "tls_in_tls";
  if (header === "absent" && !saysInHttp(inner, options)) return "no_proxy_header";
  return deliver({ ...channel, peer, security: "tls" }, inner, { ...deps, receivers: options.receivers });
}

/** Whether a proxy can still say whom it speaks for: in a header of the request. */
function saysInHttp(begins: Begins, { receivers }: ListenerOptions): boolean {
  return begins === "http" && !receivers.any;
}

/** A trusted proxy says whom it speaks for: before everything else, or, one of HTTP, in each request. */
async function originOf(socket: Socket, address: string, deps: AdmitDeps): Promise<Origin | string> {
  if (!deps.isTrustedProxy(address)) return { peer: address, header: undefined };
  const header = await peek<ProxyHeader | "absent" | "broken">(socket, {
    judge(seen) {
      const verdict = readProxyHeader(seen, deps.readFacts);
      if (verdict.is === "partial") return undefined;
      return verdict.is === "header" ? { is: verdict.header, used: verdict.bytes } : { is: verdict.is, used: 0 };
    },
    withinMs: deps.withinMs,
  });
  if (header === "closed" || header === "late") return header;
  if (header === "broken") return "broken_proxy_header";
  return { peer: (header !== "absent" && header.source) || address, header };
}

function beginningOf(stream: Duplex, { withinMs }: AdmitDeps): Promise<Begins | "closed" | "late"> {
  return peek(stream, { judge: (seen) => ({ is: beginsAs(seen[0] ?? 0), used: 0 }), withinMs });
}

async function secure(
  socket: Socket,
  { peer, terminator }: { peer: string; terminator: Terminator },
  { slots, withinMs }: AdmitDeps,
) {
  const offered = await peek<readonly number[]>(socket, {
    judge(seen) {
      const hello = readHello(seen);
      if (hello.is === "partial") return undefined;
      return { is: hello.is === "hello" ? hello.suites : [], used: 0 };
    },
    withinMs,
  });
  if (offered === "closed" || offered === "late") return offered;
  const gone = new AbortController();
  const leave = () => gone.abort();
  socket.once("close", leave);
  const release = await slots.take(subnetOf(peer), gone.signal);
  socket.off("close", leave);
  if (!release) return "closed";
  try {
    // Nobody is told why a handshake failed beyond what TLS says itself.
    return (await terminator.terminate(socket, { offered, peer })) ?? "handshake_failed";
  } finally {
    release();
  }
}
