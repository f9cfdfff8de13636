import { signHttpLogin, signRegistration } from "@trine/device";
import type {
  AdapterDriver,
  DeviceSession,
  LoginAnswer,
  LoginRequest,
  RegisterAnswer,
  RegisterRequest,
} from "@trine/testkit/conformance";
import { httpSettings, startHttp } from "../src/index.ts";
import { anIngress } from "./an-ingress.ts";
import { ask, type Channel, exchange, post, type RawReply } from "./raw-exchange.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

/** Speaks to the HTTP adapter in raw bytes. */
export const createHttpDriver = (channel: Channel): AdapterDriver => ({
  transport: "http",
  delivery: "fetched",
  payloadBytes: { allowed: 131_072, oversized: 131_073 },
  expected: {
    login: {
      accepted: "0",
      badCredentials: "20000",
      disabled: "20000",
      notAllowed: "20000",
      malformed: "10001",
      unavailable: "10000",
    },
    registration: {
      accepted: "200",
      badSignature: "6600",
      off: "6288",
      unknownDevice: "6100",
      alreadyActive: "6289",
      unavailable: "500",
    },
    publish: { accepted: "0", foreignTopic: "20003", oversized: "10001", unavailable: "10000", revoked: "20001" },
  },
  async start(platform) {
    const settings = httpSettings.parse({
      TRINE_DEVICE_HOST: "127.0.0.1",
      TRINE_HTTP_PORT: "0",
      TRINE_HTTPS_PORT: "0",
      TRINE_REGISTRATION_IN_CLEAR: "on",
    });
    const adapter = await startHttp(platform, settings, anIngress());
    const port = adapter.ports[`TRINE_${channel}_PORT`] ?? 0;
    const send: Ask = (request) => exchange(port, request, channel);
    return {
      login: (login) => logIn(send, login),
      register: (request) => register(send, request),
      stop: () => adapter.stop(),
    };
  },
});

type Ask = (request: string | Buffer) => Promise<RawReply>;

async function logIn(send: Ask, { device, deviceSecret, signMethod, malformed }: LoginRequest): Promise<LoginAnswer> {
  const signed = signHttpLogin({ ...device, deviceSecret }, signMethod === undefined ? {} : { signMethod });
  const { raw, body, code } = await send(post("/auth", JSON_TYPE, malformed ? signed.slice(0, -9) : signed));
  const answer = { accepted: code === "0", code, raw: raw.replace(/^Date: .*$/m, "Date:") };
  if (code !== "0") return answer;
  const { token } = (JSON.parse(body) as { info: { token: string } }).info;
  return { ...answer, session: sessionOf(send, token) };
}

async function register(send: Ask, { device, productSecret }: RegisterRequest): Promise<RegisterAnswer> {
  const signed = signRegistration({ ...device, productSecret }, { random: "r4nd0m" });
  const form = new URLSearchParams({ ...signed });
  const { raw, body, code } = await send(post("/auth/register/device", {}, String(form)));
  const { data = {} } = JSON.parse(body) as { data?: { deviceSecret?: string } };
  return { code, raw: raw.replace(/^Date: .*$/m, "Date:"), ...data };
}

function sessionOf(send: Ask, token: string): DeviceSession {
  const headers = { password: token };
  return {
    async publish({ topic, payload }) {
      const octets = { ...headers, "Content-Type": "application/octet-stream" };
      const { code } = await send(post(`/topic${topic}`, octets, payload));
      return { code };
    },
    listen: async () => undefined,
    async receive(waitMs) {
      const { raw, head } = await send(ask("GET", `/mailbox?waitMs=${waitMs}`, headers));
      const messageId = /^x-message-id: (\d+)/m.exec(head)?.[1];
      const topic = /^x-topic: (\S+)/m.exec(head)?.[1];
      if (messageId === undefined || topic === undefined) return undefined;
      return {
        topic: decodeURIComponent(topic),
        payload: Buffer.from(raw.slice(head.length + 4), "latin1"),
        acknowledge: async () => void (await send(ask("DELETE", `/mailbox/${messageId}`, headers))),
      };
    },
    close: async () => undefined,
  };
}
