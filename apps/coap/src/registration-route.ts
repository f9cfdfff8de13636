import { isRefusal, type Refusal, type Registered, refuse } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { Request, Response } from "./message-layer.ts";
import { parseRegistration } from "./parse-registration.ts";
import { refusalResponse } from "./refusal-response.ts";
import { transportOf } from "./transport.ts";

/**
 * Answers `POST /auth/register/device` (wire-format 3.5): a device asks for its secret, over DTLS. What seals payloads on the other ports is
 * derived from that very secret.
 */
export async function answerRegistration(
  platform: Platform,
  request: Request,
  asked: { body: Buffer; format: "json" | "cbor"; inClear: boolean },
): Promise<Response> {
  const outcome = await register(platform, request, asked);
  return isRefusal(outcome) ? refusalResponse(outcome) : { code: "2.05", payload: replyOf(outcome) };
}

async function register(
  { registrar, recorder }: Platform,
  { peer }: Request,
  { body, format, inClear }: { body: Buffer; format: "json" | "cbor"; inClear: boolean },
): Promise<Registered | Refusal> {
  const transport = transportOf(peer);
  const parsed =
    peer.secured || inClear
      ? parseRegistration(body, format)
      : refuse("in_clear", "the secret could be read on its way");
  if (isRefusal(parsed)) {
    recorder.dropped(transport, `registration_${parsed.code}`);
    return parsed;
  }
  return registrar.register({ ...parsed, wants: "secret", transport, peer: peer.address });
}

function replyOf(registered: Registered): Buffer {
  if (!("deviceSecret" in registered)) throw new Error("a secret was asked for");
  const { device, deviceSecret } = registered;
  const { productKey, deviceName } = device;
  return Buffer.from(JSON.stringify({ productKey, deviceName, deviceSecret: deviceSecret.reveal() }));
}
