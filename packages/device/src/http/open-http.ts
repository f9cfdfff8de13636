import type { DeviceMessage } from "../device-connection.ts";
import { DeviceError } from "../device-error.ts";
import type { HttpConnection, HttpMessage } from "./http-connection.ts";
import { createHttpExchange, type HttpTarget } from "./http-exchange.ts";
import { readMessage, readPublishAnswer, readSuccess } from "./read-reply.ts";

const TOKEN_EXPIRED = "20001";

/** What the gateway says in answer to a login. */
export interface LoginInfo {
  readonly token: string;
}

/**
 * Logs in over HTTP with the body of a login. A request that meets an expired token logs in again, once, as the vendor's C SDK does.
 *
 * @throws DeviceError with the code of the body, or `closed`.
 */
export async function openHttp<T extends LoginInfo>(
  target: HttpTarget,
  loginBody: string,
): Promise<{ connection: HttpConnection; info: T }> {
  const exchange = createHttpExchange(target);
  // A fetch that waits would hold up what is published over the same connection.
  const fetching = createHttpExchange(target);
  let headers: Readonly<Record<string, string>> = {};
  let token = "";
  let renewal: Promise<unknown> | undefined;

  async function login(): Promise<T> {
    const reply = await exchange.request({
      method: "POST",
      path: "/auth",
      headers: { "Content-Type": "application/json" },
      body: loginBody,
    });
    const { info } = readSuccess(reply) as { info: T };
    token = info.token;
    headers = { password: token, "Content-Type": "application/octet-stream" };
    return info;
  }

  /** However many requests find the token expired, the device logs in once. */
  async function renew(): Promise<void> {
    renewal ??= login().finally(() => {
      renewal = undefined;
    });
    await renewal;
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

  const info = await login().catch((error: unknown) => {
    close();
    throw error;
  });
  const connection: HttpConnection = {
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
  return { connection, info };
}

/** Slashes stay, everything else that a path cannot hold is escaped. */
function topicPath(topic: string): string {
  return /^[\w/.~@:-]*$/.test(topic) ? topic : topic.split("/").map(encodeURIComponent).join("/");
}
