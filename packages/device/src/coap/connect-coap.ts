import { randomInt } from "node:crypto";
import { derivePayloadKey, openPayload, Secret, type SignMethod, sealPayload } from "@trine/core/certificate";
import type { NamedOption, Option, ParsedPacket } from "coap-packet";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection, PublishAnswer } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import { signCoapLogin } from "../login/sign-coap-login.ts";
import { type CoapTarget, openCoapExchange } from "./coap-exchange.ts";

/** How a CoAP device connects. */
export interface CoapOptions extends CoapTarget {
  readonly certificate: DeviceCertificate;
  /** `symmetric`: payloads are sealed with AES and numbered (wire-format 5.4, 5.6). */
  readonly mode: "plain" | "symmetric";
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
}

/** A device that is logged in over CoAP. */
export interface CoapConnection extends DeviceConnection {
  /** What it presents with every message. Changes when it has logged in again. */
  readonly token: string;
  /** Logs in again and takes the new token. */
  login(): Promise<void>;
}

// wire-format 5.5.
const TOKEN_OPTION = 2088;
const SEQ_OPTION = 2089;
const MESSAGE_ID_OPTION = "2090";
const JSON_FORMAT: NamedOption = { name: "Content-Format", value: Buffer.from([50]) };
const AUTH_PATH: NamedOption = { name: "Uri-Path", value: Buffer.from("auth") };
const TOPIC_PATH: NamedOption = { name: "Uri-Path", value: Buffer.from("topic") };

interface CoapSession {
  readonly token: string;
  readonly tokenOption: Option;
  readonly sealing?: { readonly key: Buffer; nextSeq: number };
}

/**
 * Logs in over CoAP on UDP (wire-format 5).
 *
 * @throws DeviceError with the response code, `timeout`, `reset` or `closed`.
 */
export async function connectCoap(options: CoapOptions): Promise<CoapConnection> {
  const exchange = await openCoapExchange(options);

  async function logIn(): Promise<CoapSession> {
    const payload = Buffer.from(loginBody(options));
    const response = await exchange.confirmable({ method: "POST", options: [AUTH_PATH, JSON_FORMAT], payload });
    return readSession(checked(response).payload, options.certificate);
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
      const request = { method: "POST" as const, ...sealed(session, topic, Buffer.from(payload)) };
      const { sealing } = session;
      if (qos === 1) return readAnswer(checked(await exchange.confirmable(request)), sealing?.key);
      exchange.nonConfirmable(request);
      return {};
    },
    close,
  };
}

function loginBody({ certificate, mode, signMethod }: CoapOptions): string {
  return signCoapLogin(certificate, {
    ...(mode === "symmetric" ? { seq: String(randomInt(1, 1_000_000)) } : {}),
    ...(signMethod === undefined ? {} : { signMethod }),
  });
}

function readSession(payload: Buffer, { deviceSecret }: DeviceCertificate): CoapSession {
  const { token, random, seqOffset } = JSON.parse(payload.toString()) as {
    token: string;
    random?: string;
    seqOffset?: number;
  };
  const tokenOption = { name: TOKEN_OPTION, value: Buffer.from(token) };
  if (random === undefined || seqOffset === undefined) return { token, tokenOption };
  return {
    token,
    tokenOption,
    sealing: { key: derivePayloadKey(new Secret(deviceSecret), random), nextSeq: seqOffset },
  };
}

/** A message as it travels: in symmetric mode numbered and sealed, the number first (wire-format 5.6). */
function sealed({ tokenOption, sealing }: CoapSession, topic: string, clear: Buffer) {
  const segments = topic.split("/").slice(1);
  const path: NamedOption[] = segments.map((segment) => ({ name: "Uri-Path", value: Buffer.from(segment) }));
  const options: (Option | NamedOption)[] = [TOPIC_PATH, ...path, JSON_FORMAT, tokenOption];
  if (!sealing) return { options, payload: clear };
  options.push({ name: SEQ_OPTION, value: sealPayload(sealing.key, Buffer.from(String(sealing.nextSeq))) });
  sealing.nextSeq += 1;
  return { options, payload: sealPayload(sealing.key, clear) };
}

function readAnswer({ options, payload }: ParsedPacket, key: Buffer | undefined): PublishAnswer {
  const messageId = options.find(({ name }) => String(name) === MESSAGE_ID_OPTION)?.value.toString();
  const reply = payload.length > 0 && key ? openPayload(key, payload) : payload;
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(reply !== undefined && reply.length > 0 ? { reply } : {}),
  };
}

function checked(response: ParsedPacket): ParsedPacket {
  if (response.code === "2.05") return response;
  throw new DeviceError(response.code, `the gateway answered ${response.code}`);
}
