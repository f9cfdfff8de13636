import { isRefusal, type Refusal, type Registered, refuse } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { OriginOf } from "./origin.ts";
import { parseRegistration } from "./parse-registration.ts";
import { REGISTRATION_CODES } from "./registration-code.ts";
import { writeBody } from "./write-reply.ts";

/** `POST /auth/register/device` (wire-format 3.2): a device asks for its secret. */
export function createRegistrationRoute(
  { registrar, recorder }: Platform,
  { originOf, mayAnswer }: { originOf: OriginOf; mayAnswer: (request: FastifyRequest) => boolean },
) {
  async function register(request: FastifyRequest): Promise<Registered | Refusal> {
    const parsed = mayAnswer(request)
      ? parseRegistration((request.body as Buffer | undefined) ?? NOTHING, originOf(request))
      : refuse("in_clear", "the secret could be read on its way");
    if (isRefusal(parsed)) {
      recorder.dropped("http", `registration_${parsed.code}`);
      return parsed;
    }
    return registrar.register({ ...parsed, isGone: () => request.raw.socket.destroyed });
  }

  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const outcome = await register(request);
    writeBody(reply, JSON.stringify(isRefusal(outcome) ? REGISTRATION_CODES[outcome.code] : registered(outcome)));
  };
}

const NOTHING = Buffer.alloc(0);

/** Not a byte more: the C SDKs keep 190 of it (wire-format 3.2). */
function registered(outcome: Registered) {
  if (!("deviceSecret" in outcome)) throw new Error("a secret was asked for");
  const { device, deviceSecret } = outcome;
  const { productKey, deviceName } = device;
  return { code: 200, data: { productKey, deviceName, deviceSecret: deviceSecret.reveal() }, message: "success" };
}
