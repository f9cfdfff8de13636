import { createSocket } from "node:dgram";
import { generate, parse } from "coap-packet";
import { type BenchDevice, signBench } from "../bench-devices.ts";
import type { Operation } from "./operation.ts";

const TIMEOUT_MS = 5_000;

/** Logs in from one socket, one request at a time. */
export const coapLogin: Operation = async ({ port, next }) => {
  const exchange = openExchange(port);
  return async () => {
    const device = next();
    return device ? (await exchange(["auth"], loginBody(device))).code === "2.05" : true;
  };
};

/** Logs in once, then publishes, one message at a time. */
export const coapPublish: Operation = async ({ port, next }) => {
  const device = next();
  if (!device) throw new Error("more workers than devices");
  const exchange = openExchange(port);
  const answer = await exchange(["auth"], loginBody(device));
  const { token } = JSON.parse(answer.payload.toString()) as { token: string };
  const path = ["topic", device.productKey, device.deviceName, "user", "update"];
  return async () => (await exchange(path, '{"temperature":21.5}', token)).code === "2.05";
};

function loginBody(device: BenchDevice): string {
  const { productKey, deviceName } = device;
  return JSON.stringify({ productKey, deviceName, ...signBench(device), signmethod: "hmacsha256" });
}

interface Answer {
  readonly code: string;
  readonly payload: Buffer;
}

function openExchange(port: number) {
  const socket = createSocket("udp4");
  let messageId = Math.floor(Math.random() * 65_536);
  let answered: ((answer: Answer) => void) | undefined;
  socket.on("message", (bytes) => {
    const { code, payload, ack, token } = parse(bytes);
    // An empty acknowledgement announces a separate response.
    if (ack && code === "0.00") return;
    if (!ack && token.length > 0)
      socket.send(generate({ code: "0.00", ack: true, messageId: parse(bytes).messageId }), port, "127.0.0.1");
    answered?.({ code, payload });
  });
  return (path: readonly string[], payload: string, token?: string): Promise<Answer> =>
    new Promise((done) => {
      messageId = (messageId + 1) & 0xffff;
      const give = setTimeout(() => done({ code: "0.00", payload: Buffer.alloc(0) }), TIMEOUT_MS);
      answered = (answer) => {
        clearTimeout(give);
        done(answer);
      };
      const options = [
        ...path.map((segment) => ({ name: "Uri-Path" as const, value: Buffer.from(segment) })),
        { name: "Content-Format" as const, value: Buffer.from([50]) },
        ...(token ? [{ name: 2088, value: Buffer.from(token) }] : []),
      ];
      const bytes = generate({
        code: "0.02",
        confirmable: true,
        messageId,
        token: Buffer.from([messageId >> 8, messageId & 0xff]),
        options: options as never,
        payload: Buffer.from(payload),
      });
      socket.send(bytes, port, "127.0.0.1");
    });
}
