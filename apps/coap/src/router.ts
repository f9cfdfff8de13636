import { refuse } from "@trine/core/auth";
import type { InTurn } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import { answerAuth } from "./auth-route.ts";
import type { Blockwise } from "./blockwise.ts";
import type { Request, Response } from "./message-layer.ts";
import { type RequestOptions, readOptions, uintOption } from "./options.ts";
import { answerPublish } from "./publish-route.ts";
import { refusalResponse } from "./refusal-response.ts";

export interface RouterDeps {
  readonly platform: Platform;
  readonly blockwise: Blockwise;
  readonly queue: InTurn;
  /** Payloads may be this large; sealing adds up to one AES block. */
  readonly payloadBytes: number;
  /** The socket is the one for sealed payloads. */
  readonly symmetric: boolean;
}

const POST = "0.02";
const AUTH_BYTES = 4096;
const SEAL_BYTES = 16;
const CBOR = 60;
// What the SDKs name (wire-format 5.1, 5.3). A published payload is opaque; what comes back is JSON, or its sealed octets.
const CONTENT_FORMATS = new Set<number | undefined>([undefined, 0, 40, 41, 42, 43, 47, 50, CBOR]);
const ACCEPTS = new Set<number | undefined>([undefined, 0, 42, 50, CBOR]);

/** Answers one request. Never rejects: a fault is recorded and answered 5.00, which the SDK tries again (wire-format 5.8). */
export async function answer(deps: RouterDeps, request: Request): Promise<Response> {
  try {
    return await route(deps, request);
  } catch (error) {
    deps.platform.recorder.fault("coap", error);
    return { code: "5.00" };
  }
}

async function route(deps: RouterDeps, request: Request): Promise<Response> {
  const options = readOptions(request.packet.options);
  const isAuth = options.path.length === 1 && options.path[0] === "auth";
  const refused = checkRequest(request, options, isAuth);
  if (refused) return { code: refused };
  const maxBytes = isAuth ? AUTH_BYTES : deps.payloadBytes + SEAL_BYTES;
  const { block1 } = options;
  if (!block1) return dispatch(request.packet.payload);
  const peer = `${request.peer.address}:${request.peer.port}`;
  const block = deps.blockwise.take({ peer, packet: request.packet, value: block1, maxBytes });
  const echo = { name: "Block1", value: block1 } as const;
  if ("code" in block) {
    const size = block.code === "4.13" ? [{ name: "Size1", value: uintOption(maxBytes) } as const] : [];
    return { code: block.code, options: [echo, ...size] };
  }
  const response = await dispatch(block.body);
  return { ...response, options: [echo, ...(response.options ?? [])] };

  async function dispatch(body: Buffer): Promise<Response> {
    if (body.length > maxBytes) return refusalResponse(refuse("too_large", "payload"));
    if (!isAuth) return answerPublish(deps, request, { options, body });
    const format = options.contentFormat === CBOR ? "cbor" : "json";
    return answerAuth(deps.platform, request, { body, format, symmetric: deps.symmetric });
  }
}

function checkRequest(request: Request, options: RequestOptions, isAuth: boolean): string | undefined {
  if (options.unknownCritical) return "4.02";
  if (!isAuth && (options.path[0] !== "topic" || options.path.length < 2)) return "4.04";
  if (request.packet.code !== POST) return "4.05";
  if (!CONTENT_FORMATS.has(options.contentFormat)) return "4.15";
  return ACCEPTS.has(options.accept) ? undefined : "4.06";
}
