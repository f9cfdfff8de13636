import { randomBytes } from "node:crypto";
import Fastify from "fastify";
import { isGenuine } from "./floor-devices.ts";

// The bare engine: fastify, the same wire work and HMAC, tokens in a Map, nothing stored.
const app = Fastify();
const tokens = new Map<string, string>();
let messageId = 0;

app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) => done(null, body));
app.post<{ Body: { productKey: string; deviceName: string; clientId: string; sign: string } }>(
  "/auth",
  async ({ body }) => {
    if (!isGenuine(body)) return { code: 20000, message: "auth check error" };
    const token = randomBytes(24).toString("base64url");
    if (tokens.size > 100_000) tokens.clear();
    tokens.set(token, body.deviceName);
    return { code: 0, message: "success", info: { token } };
  },
);
app.post("/topic/*", async ({ headers }) => {
  if (!tokens.has(String(headers.password))) return { code: 20001, message: "token is expired" };
  messageId += 1;
  return { code: 0, message: "success", info: { messageId } };
});
await app.listen({ port: 0, host: "127.0.0.1" });
console.log(JSON.stringify({ msg: "ready", ports: { port: (app.server.address() as { port: number }).port } }));
