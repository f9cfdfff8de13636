import { once } from "node:events";
import { join } from "node:path";
import { connect as connectTls } from "node:tls";
import type { Firmware } from "@trine/device";
import { generate, type IPublishPacket, type Packet, parser } from "mqtt-packet";
import type { Installation } from "./installation.ts";
import { ROOT } from "./repository.ts";
import { runCommand } from "./run-command.ts";

type Gateway = Pick<Installation, "api" | "ports" | "ca" | "caFile">;

/** Makes a product whose devices register themselves. */
export async function makeRegisteringProduct(
  { api }: Gateway,
  registration: "listed" | "open",
): Promise<Omit<Firmware, "deviceName">> {
  const body = { name: "registering", policy: { registration } };
  return api.call<Firmware>("POST", "/v1/products", body);
}

/** Sends a form over HTTPS, with the C SDK's head. @returns the answer, whole. */
export async function postForm({ ports, ca }: Gateway, body: string): Promise<string> {
  const socket = connectTls({ port: ports.https, host: "127.0.0.1", ca });
  await once(socket, "secureConnect");
  const head = [
    "POST /auth/register/device HTTP/1.1",
    "Host: iot-auth.cn-shanghai.aliyuncs.com",
    "Accept: text/xml,text/javascript,text/html,application/json",
    `Content-Length: ${body.length}`,
    "Content-Type: application/x-www-form-urlencoded",
  ];
  socket.write(`${head.join("\r\n")}\r\n\r\n${body}`);
  let received = "";
  for await (const chunk of socket) {
    received += (chunk as Buffer).toString("latin1");
    const length = /\r\nContent-Length: (\d+)/.exec(received)?.[1];
    const at = received.indexOf("\r\n\r\n");
    if (at >= 0 && length !== undefined && received.length >= at + 4 + Number(length)) break;
  }
  return received;
}

/** The body of an answer. */
export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf("\r\n\r\n") + 4);
}

/** Logs in over MQTT and TLS. @returns the code of the CONNACK, and of code 0 the first message that comes, if any is to come. */
export async function connectOverTls(
  { ports, ca }: Gateway,
  login: { clientId: string; username: string; password: string },
  waitsForMessage = true,
): Promise<{ code: number; topic?: string; text?: string }> {
  const socket = connectTls({ port: ports.mqtt, host: "127.0.0.1", ca });
  await once(socket, "secureConnect");
  const decoder = parser();
  const packets: Packet[] = [];
  decoder.on("packet", (packet) => void packets.push({ ...packet } as Packet));
  const connect = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 60 } as const;
  socket.write(generate({ ...connect, ...login, password: Buffer.from(login.password) }));
  let code = -1;
  for await (const chunk of socket) {
    decoder.parse(chunk as Buffer);
    const connack = packets.find(({ cmd }) => cmd === "connack");
    code = connack?.cmd === "connack" ? (connack.returnCode ?? -1) : code;
    const message = packets.find((packet): packet is IPublishPacket => packet.cmd === "publish");
    if (message) return { code, topic: message.topic, text: String(message.payload) };
    if (connack && (code !== 0 || !waitsForMessage)) break;
  }
  return { code };
}

/** Registers by the vendor's Node SDK, as it is. @returns what its callback was given. */
export async function registerByVendor(
  { ports, caFile }: Gateway,
  firmware: Firmware & { random?: string; signMethod?: string },
): Promise<Record<string, unknown>> {
  const registerURL = `https://127.0.0.1:${ports.https}/auth/register/device`;
  const program = join(ROOT, "tests/src/vendor-register.mjs");
  const env = { NODE_EXTRA_CA_CERTS: caFile };
  const command = [process.execPath, program, JSON.stringify({ ...firmware, registerURL })] as const;
  const { stdout, stderr } = await runCommand([...command], { env });
  if (stdout === "") throw new Error(`the SDK said nothing: ${stderr}`);
  return JSON.parse(stdout) as Record<string, unknown>;
}
