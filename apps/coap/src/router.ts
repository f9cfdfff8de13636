import { refuse } from "@trine/core/auth";
import type { InTurn } from "@trine/core/messaging";
import { answerAuth } from "./auth-route.ts";
import type { Blockwise } from "./blockwise.ts";
import { answerAcknowledge, answerMailbox, type MailboxDeps } from "./mailbox-route.ts";
import type { Request, Response } from "./message-layer.ts";
import { type RequestOptions, readOptions, uintOption } from "./options.ts";
import { peerKey } from "./peer.ts";
import { answerPublish } from "./publish-route.ts";
import { answerPull } from "./pull-route.ts";
import { refusalResponse } from "./refusal-response.ts";
import { answerRegistration } from "./registration-route.ts";

export interface RouterDeps extends MailboxDeps {
  readonly blockwise: Blockwise;
  readonly queue: InTurn;
  /** Payloads may be this large; sealing adds up to one AES block. */
  readonly payloadBytes: number;
  /** The socket is the one for sealed payloads. */
  readonly symmetric: boolean;
  /** Devices may register themselves where everybody on the way can read what they are handed. */
  readonly registersInClear: boolean;
}

interface Resource {
  /** The one method that it has (RFC 7252 12.1.1). */
  readonly method: string;
  /** What its body may have at most; a published one as much as is set. */
  readonly bodyBytes?: number;
  answer(deps: RouterDeps, request: Request, given: { options: RequestOptions; body: Buffer }): Promise<Response>;
}

const GET = "0.01";
const POST = "0.02";
const DELETE = "0.04";
const SMALL_BYTES = 4096;
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
  const found = checkRequest(request, options);
  if (typeof found === "string") return { code: found };
  const resource = found;
  const maxBytes = resource.bodyBytes ?? deps.payloadBytes + SEAL_BYTES;
  const { block1 } = options;
  if (!block1) return dispatch(request.packet.payload);
  const block = deps.blockwise.take({ peer: peerKey(request.peer), packet: request.packet, value: block1, maxBytes });
  const echo = { name: "Block1", value: block1 } as const;
  if ("code" in block) {
    const size = block.code === "4.13" ? [{ name: "Size1", value: uintOption(maxBytes) } as const] : [];
    return { code: block.code, options: [echo, ...size] };
  }
  const response = await dispatch(block.body);
  return { ...response, options: [echo, ...(response.options ?? [])] };

  async function dispatch(body: Buffer): Promise<Response> {
    if (body.length > maxBytes) return refusalResponse(refuse("too_large", "payload"));
    return resource.answer(deps, request, { options, body });
  }
}

/** @returns what is asked for, or the code of the answer when it cannot be had. */
function checkRequest({ packet }: Request, options: RequestOptions): Resource | string {
  if (options.unknownCritical) return "4.02";
  const resource = findResource(options.path);
  if (!resource) return "4.04";
  if (packet.code !== resource.method) return "4.05";
  if (!CONTENT_FORMATS.has(options.contentFormat)) return "4.15";
  return ACCEPTS.has(options.accept) ? resource : "4.06";
}

function findResource(path: readonly string[]): Resource | undefined {
  const [first] = path;
  if (first === "topic" && path.length > 1) return TOPIC;
  if (first === "mailbox" && path.length === 2) return MESSAGE;
  if (path.join("/") === "auth/register/device") return REGISTRATION;
  return path.length === 1 && first !== undefined ? SINGLE.get(first) : undefined;
}

const TOPIC: Resource = { method: POST, answer: answerPublish };
const MESSAGE: Resource = {
  method: DELETE,
  bodyBytes: SMALL_BYTES,
  answer: (deps, request, { options }) => answerAcknowledge(deps, request, options),
};
const REGISTRATION: Resource = {
  method: POST,
  bodyBytes: SMALL_BYTES,
  answer: ({ platform, registersInClear }, request, { options, body }) =>
    answerRegistration(platform, request, { body, format: formatOf(options), inClear: registersInClear }),
};
const SINGLE = new Map<string, Resource>([
  [
    "auth",
    {
      method: POST,
      bodyBytes: SMALL_BYTES,
      answer: ({ platform, symmetric }, request, { options, body }) =>
        answerAuth(platform, request, { body, format: formatOf(options), symmetric }),
    },
  ],
  ["pull", { method: POST, bodyBytes: SMALL_BYTES, answer: answerPull }],
  [
    "mailbox",
    {
      method: GET,
      bodyBytes: SMALL_BYTES,
      answer: (deps, request, { options }) => answerMailbox(deps, request, options),
    },
  ],
]);

function formatOf({ contentFormat }: RequestOptions): "json" | "cbor" {
  return contentFormat === CBOR ? "cbor" : "json";
}
