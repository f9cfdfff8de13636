import { signHttpLogin } from "@trine/device";
import type { AdapterDriver, LoginAnswer, LoginRequest } from "@trine/testkit/conformance";
import { httpSettings, startHttp } from "../src/index.ts";
import { exchange, post } from "./raw-exchange.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

/** Speaks to the HTTP adapter in raw bytes. */
export const httpDriver: AdapterDriver = {
  transport: "http",
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
    publish: { accepted: "0", foreignTopic: "20003", oversized: "10001", unavailable: "10000", revoked: "20001" },
  },
  async start(platform) {
    const settings = httpSettings.parse({ TRINE_DEVICE_HOST: "127.0.0.1", TRINE_HTTP_PORT: "0" });
    const adapter = await startHttp(platform, settings);
    const port = adapter.ports["TRINE_HTTP_PORT"] ?? 0;
    return { login: (login) => logIn(port, login), stop: () => adapter.stop() };
  },
};

async function logIn(
  port: number,
  { device, deviceSecret, signMethod, malformed }: LoginRequest,
): Promise<LoginAnswer> {
  const signed = signHttpLogin({ ...device, deviceSecret }, signMethod === undefined ? {} : { signMethod });
  const { raw, body, code } = await exchange(port, post("/auth", JSON_TYPE, malformed ? signed.slice(0, -9) : signed));
  const answer = { accepted: code === "0", code, raw: raw.replace(/^Date: .*$/m, "Date:") };
  if (code !== "0") return answer;
  const { token } = (JSON.parse(body) as { info: { token: string } }).info;
  const headers = { password: token, "Content-Type": "application/octet-stream" };
  return {
    ...answer,
    session: {
      publish: async ({ topic, payload }) => {
        const reply = await exchange(port, post(`/topic${topic}`, headers, payload));
        return { code: reply.code };
      },
      close: async () => undefined,
    },
  };
}
