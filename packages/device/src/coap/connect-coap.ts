import { randomInt } from "node:crypto";
import type { NamedOption, ParsedPacket } from "coap-packet";
import type { PublishAnswer } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import { signCoapLogin } from "../login/sign-coap-login.ts";
import type { CoapConnection, CoapOptions } from "./coap-connection.ts";
import { openCoapExchange } from "./coap-exchange.ts";
import { createCoapMailbox } from "./coap-mailbox.ts";
import { type CoapSession, numberedOptions, pathOptions, readSession, seal, unseal } from "./coap-session.ts";

// wire-format 5.5.
const MESSAGE_ID_OPTION = "2090";
const JSON_FORMAT: NamedOption = { name: "Content-Format", value: Buffer.from([50]) };

/**
 * Logs in over CoAP on UDP (wire-format 5).
 *
 * @throws DeviceError with the response code, `timeout`, `reset` or `closed`.
 */
export async function connectCoap(options: CoapOptions): Promise<CoapConnection> {
  const exchange = await openCoapExchange(options);

  async function logIn(): Promise<CoapSession> {
    const payload = Buffer.from(loginBody(options));
    const login = { method: "POST" as const, options: [...pathOptions("auth"), JSON_FORMAT], payload };
    return readSession(checked(await exchange.confirmable(login)).payload, options.certificate);
  }

  const close = () => exchange.close();
  let session: CoapSession;
  try {
    session = await logIn();
  } catch (error) {
    await close();
    throw error;
  }
  return {
    get token() {
      return session.token;
    },
    async login() {
      session = await logIn();
    },
    async publish({ topic, payload, qos = 1 }) {
      const current = session;
      const request = {
        method: "POST" as const,
        options: [...pathOptions("topic", ...topic.split("/").slice(1)), JSON_FORMAT, ...numberedOptions(current)],
        payload: seal(current, Buffer.from(payload)),
      };
      if (qos === 1) return readAnswer(checked(await exchange.confirmable(request)), current);
      exchange.nonConfirmable(request);
      return {};
    },
    ...createCoapMailbox(exchange, () => session),
    close,
  };
}

function loginBody({ certificate, mode, signMethod }: CoapOptions): string {
  return signCoapLogin(certificate, {
    ...(mode === "symmetric" ? { seq: String(randomInt(1, 1_000_000)) } : {}),
    ...(signMethod === undefined ? {} : { signMethod }),
  });
}

function readAnswer({ options, payload }: ParsedPacket, session: CoapSession): PublishAnswer {
  const messageId = options.find(({ name }) => String(name) === MESSAGE_ID_OPTION)?.value.toString();
  const reply = unseal(session, payload);
  return { ...(messageId === undefined ? {} : { messageId }), ...(reply.length > 0 ? { reply } : {}) };
}

function checked(response: ParsedPacket): ParsedPacket {
  if (response.code === "2.05") return response;
  throw new DeviceError(response.code, `the gateway answered ${response.code}`);
}
