import type { DeviceMessage } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import { signHttpLogin } from "../login/sign-http-login.ts";
import type { HttpConnection, HttpMessage, HttpOptions } from "./http-connection.ts";
import { createHttpExchange } from "./http-exchange.ts";
import { readMessage, readPublishAnswer, readSuccess } from "./read-reply.ts";

const TOKEN_EXPIRED = "20001";

/**
 * Logs in over HTTP (wire-format 4). A request that meets an expired token logs in again, once, as the vendor's C SDK does.
 *
 * @throws DeviceError with the code of the body, or `closed`.
 */
export async function connectHttp(options: HttpOptions): Promise<HttpConnection> {
  const { certificate, signMethod } = options;
  const exchange = createHttpExchange(options);
  // A fetch that waits would hold up what is published over the same connection.
  const fetching = createHttpExchange(options);
  const loginBody = signHttpLogin(certificate, signMethod === undefined ? {} : { signMethod });
  let headers: Readonly<Record<string, string>> = {};
  let token = "";
  let renewal: Promise<void> | undefined;

  async function login(): Promise<void> {
    const reply = await exchange.request({
      method: "POST",
      path: "/auth",
      headers: { "Content-Type": "application/json" },
      body: loginBody,
    });
    const { info } = readSuccess(reply) as { info: { token: string } };
    token = info.token;
    headers = { password: token, "Content-Type": "application/octet-stream" };
  }

  /** However many requests find the token expired, the device logs in once. */
  function renew(): Promise<void> {
    renewal ??= login().finally(() => {
      renewal = undefined;
    });
    return renewal;
  }

  async function withToken<T>(request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof DeviceError) || error.code !== TOKEN_EXPIRED) throw error;
      await renew();
      return request();
    }
  }

  async function post({ topic, payload }: DeviceMessage) {
    const path = `/topic${topicPath(topic)}`;
    return readPublishAnswer(await exchange.request({ method: "POST", path, headers, body: payload }));
  }

  async function fetchOne(waitMs: number, signal: AbortSignal | undefined): Promise<HttpMessage | undefined> {
    const path = `/mailbox?waitMs=${waitMs}`;
    const request = { method: "GET", path, headers: { password: token }, ...(signal ? { signal } : {}) } as const;
    const message = readMessage(await fetching.request(request));
    return message && { ...message, acknowledge: () => withToken(() => acknowledge(message.messageId)) };
  }

  async function acknowledge(messageId: string): Promise<void> {
    const request = { method: "DELETE", path: `/mailbox/${messageId}`, headers: { password: token } } as const;
    readSuccess(await exchange.request(request));
  }

  function close(): void {
    exchange.close();
    fetching.close();
  }

  try {
    await login();
  } catch (error) {
    close();
    throw error;
  }
  return {
    get token() {
      return token;
    },
    login: renew,
    publish: (message) => withToken(() => post(message)),
    fetchMessage: ({ waitMs = 0, signal } = {}) => withToken(() => fetchOne(waitMs, signal)),
    async close() {
      close();
    },
  };
}

/** Slashes stay, everything else that a path cannot hold is escaped. */
function topicPath(topic: string): string {
  return /^[\w/.~@:-]*$/.test(topic) ? topic : topic.split("/").map(encodeURIComponent).join("/");
}
