import { connect, type Socket } from "node:net";
import { type BenchDevice, signBench } from "../bench-devices.ts";
import type { Operation } from "./operation.ts";

/** Logs in over a connection that is kept. */
export const httpLogin: Operation = async ({ port, next }) => {
  const exchange = await openExchange(port);
  return async () => {
    const device = next();
    return device ? (await exchange(loginRequest(device))).includes('"code":0') : true;
  };
};

/** Logs in once, then publishes over the same connection, one message at a time. */
export const httpPublish: Operation = async ({ port, next }) => {
  const device = next();
  if (!device) throw new Error("more workers than devices");
  const exchange = await openExchange(port);
  const token = /"token":"([^"]+)"/.exec(await exchange(loginRequest(device)))?.[1];
  if (!token) throw new Error("the login was refused");
  const body = '{"temperature":21.5}';
  const request =
    `POST /topic/${device.productKey}/${device.deviceName}/user/update HTTP/1.1\r\nHost: h\r\npassword: ${token}\r\n` +
    `Content-Type: application/octet-stream\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  return async () => (await exchange(request)).includes('"code":0');
};

function loginRequest(device: BenchDevice): string {
  const { productKey, deviceName } = device;
  const body = JSON.stringify({ productKey, deviceName, ...signBench(device), signmethod: "hmacsha256" });
  return `POST /auth HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
}

async function openExchange(port: number): Promise<(request: string) => Promise<string>> {
  const socket = await open(port);
  let text = "";
  let answer: ((text: string) => void) | undefined;
  socket.on("data", (bytes) => {
    text += bytes.toString("latin1");
    const head = text.indexOf("\r\n\r\n");
    const length = head < 0 ? undefined : /content-length: *(\d+)/i.exec(text)?.[1];
    if (length === undefined || text.length < head + 4 + Number(length)) return;
    const whole = text;
    text = "";
    answer?.(whole);
  });
  return (request) =>
    new Promise((done) => {
      answer = done;
      socket.write(request);
    });
}

function open(port: number): Promise<Socket> {
  return new Promise((done, fail) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.once("error", fail);
    socket.once("connect", () => done(socket));
  });
}
