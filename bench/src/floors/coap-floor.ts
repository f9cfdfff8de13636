import { randomBytes } from "node:crypto";
import type { AddressInfo } from "node:net";
import { createServer, type IncomingMessage, registerOption } from "coap";
import type { ParsedPacket } from "coap-packet";
import { isGenuine } from "./floor-devices.ts";

// The bare engine: npm coap, the same wire work and HMAC, tokens in a Map, nothing stored.
const TOKEN_OPTION = "2088";
const tokens = new Map<string, string>();
registerOption(
  TOKEN_OPTION,
  (text) => Buffer.from(String(text)),
  (bytes) => bytes.toString(),
);

const server = createServer((request, response) => {
  if (request.url === "/auth") {
    const login = JSON.parse(request.payload.toString()) as Parameters<typeof isGenuine>[0];
    if (!isGenuine(login)) {
      response.code = "4.01";
      return void response.end();
    }
    const token = randomBytes(24).toString("base64url");
    if (tokens.size > 100_000) tokens.clear();
    tokens.set(token, login.deviceName);
    response.code = "2.05";
    return void response.end(JSON.stringify({ token }));
  }
  response.code = tokens.has(tokenOf(request)) ? "2.05" : "4.01";
  response.end();
});

function tokenOf(request: IncomingMessage): string {
  const { options = [] } = (request as unknown as { _packet: ParsedPacket })._packet;
  return String(options.find(({ name }) => String(name) === TOKEN_OPTION)?.value ?? "");
}

server.listen(0, "127.0.0.1", () => {
  const { port } = (server as unknown as { _sock: { address(): AddressInfo } })._sock.address();
  console.log(JSON.stringify({ msg: "ready", ports: { port } }));
});
