import type { SignMethod } from "@trine/core/certificate";
import type { DeviceCertificate } from "../device-certificate.ts";
import type { DeviceConnection, DeviceMessage, PublishAnswer } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import { signHttpLogin } from "../login/sign-http-login.ts";
import { createHttpExchange, type HttpReply } from "./http-exchange.ts";

/** How an HTTP device connects. */
export interface HttpOptions {
  readonly host: string;
  readonly port: number;
  readonly certificate: DeviceCertificate;
  /** Default hmacsha256. */
  readonly signMethod?: SignMethod;
  /** Local address to connect from; many connections to one port need several. */
  readonly localAddress?: string;
}

/** A device that is logged in over HTTP. */
export interface HttpConnection extends DeviceConnection {
  /** What it presents with every message. Changes when it has logged in again. */
  readonly token: string;
  /** Logs in again and takes the new token. */
  login(): Promise<void>;
}

const TOKEN_EXPIRED = "20001";

/**
 * Logs in over HTTP (wire-format 4). A publish that meets an expired token logs in again, once, as the vendor's C SDK does.
 *
 * @throws DeviceError with the code of the body, or `closed`.
 */
export async function connectHttp(options: HttpOptions): Promise<HttpConnection> {
  const { certificate, signMethod } = options;
  const exchange = createHttpExchange(options);
  const loginBody = signHttpLogin(certificate, signMethod === undefined ? {} : { signMethod });
  let headers: Readonly<Record<string, string>> = {};
  let token = "";
  let renewal: Promise<void> | undefined;

  async function login(): Promise<void> {
    const reply = await exchange.post("/auth", { "Content-Type": "application/json" }, loginBody);
    const { info } = checked(reply) as { info: { token: string } };
    token = info.token;
    headers = { password: token, "Content-Type": "application/octet-stream" };
  }

  /** However many messages find the token expired, the device logs in once. */
  function renew(): Promise<void> {
    renewal ??= login().finally(() => {
      renewal = undefined;
    });
    return renewal;
  }

  async function post({ topic, payload }: DeviceMessage): Promise<PublishAnswer> {
    return readAnswer(await exchange.post(`/topic${topicPath(topic)}`, headers, payload));
  }

  try {
    await login();
  } catch (error) {
    exchange.close();
    throw error;
  }
  return {
    get token() {
      return token;
    },
    login: renew,
    async publish(message) {
      try {
        return await post(message);
      } catch (error) {
        if (!(error instanceof DeviceError) || error.code !== TOKEN_EXPIRED) throw error;
        await renew();
        return post(message);
      }
    },
    async close() {
      exchange.close();
    },
  };
}

/** Slashes stay, everything else that a path cannot hold is escaped. */
function topicPath(topic: string): string {
  return /^[\w/.~@:-]*$/.test(topic) ? topic : topic.split("/").map(encodeURIComponent).join("/");
}

function readAnswer(reply: HttpReply): PublishAnswer {
  const { info } = checked(reply) as { info?: { data?: string } };
  // The id is a bare 64-bit integer: more than JSON.parse can tell apart (wire-format 4.2).
  const messageId = /"messageId":(\d+)/.exec(reply.body)?.[1];
  return {
    ...(messageId === undefined ? {} : { messageId }),
    ...(info?.data === undefined ? {} : { reply: Buffer.from(info.data, "base64") }),
  };
}

/** The body of a reply whose code is 0. */
function checked({ status, body }: HttpReply): unknown {
  const parsed = parseJson(body);
  const code = parsed?.code ?? `http ${status}`;
  if (code !== 0) throw new DeviceError(String(code), parsed?.message ?? `the gateway answered with status ${status}`);
  return parsed;
}

function parseJson(body: string): { code?: number; message?: string } | undefined {
  try {
    return JSON.parse(body) as { code?: number; message?: string };
  } catch {
    return undefined;
  }
}
