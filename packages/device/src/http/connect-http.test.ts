import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { connectHttp } from "./connect-http.ts";

const CERTIFICATE = { productKey: "a1b2C3d4E5f", deviceName: "device_01", deviceSecret: "s".repeat(32) };
const ACCEPTED = '{"code":0,"message":"success","info":{"messageId":892687627916247040}}';

let server: Server;
let port: number;
let logins: number;
let sockets: number;
let answer: (request: IncomingMessage) => string;
let onFetch: (response: ServerResponse) => void;
let methods: string[];

beforeEach(async () => {
  logins = 0;
  sockets = 0;
  answer = () => ACCEPTED;
  onFetch = (response) => response.writeHead(204).end();
  methods = [];
  server = createServer((request, response) => {
    if (request.url === "/auth") logins += 1;
    const login = `{"code":0,"message":"success","info":{"token":"t${logins}"}}`;
    methods.push(`${request.method} ${request.url}`);
    request.resume().once("end", () => {
      if (request.method === "GET") onFetch(response);
      else response.end(request.url === "/auth" ? login : answer(request));
    });
  }).listen(0, "127.0.0.1");
  server.on("connection", () => {
    sockets += 1;
  });
  await once(server, "listening");
  port = (server.address() as AddressInfo).port;
});

afterEach(() => {
  server.close();
});

const target = () => ({ host: "127.0.0.1", port, certificate: CERTIFICATE });

it("a device publishes over one connection, and reads ids that no number holds", async () => {
  const device = await connectHttp(target());
  for (const payload of ["1", "2"])
    expect(await device.publish({ topic: "/pk/dn/user/update", payload })).toEqual({ messageId: "892687627916247040" });
  expect([sockets, logins, device.token]).toEqual([1, 1, "t1"]);
  await device.close();
});

it("an expired token is renewed once, however many messages find it expired", async () => {
  const device = await connectHttp(target());
  answer = ({ headers }) => (headers.password === "t2" ? ACCEPTED : '{"code":20001,"message":"token is expired"}');
  await Promise.all([1, 2].map((n) => device.publish({ topic: "/t", payload: String(n) })));
  expect(logins).toBe(2);
  await device.close();
});

it("a refusal throws the code of the body", async () => {
  const device = await connectHttp(target());
  answer = () => '{"code":20003,"message":"check token error"}';
  await expect(device.publish({ topic: "/t", payload: "" })).rejects.toMatchObject({ code: "20003" });
  await device.close();
});

it("a topic with characters that a path cannot hold is escaped", async () => {
  const device = await connectHttp(target());
  let path: string | undefined;
  answer = ({ url }) => {
    path = url;
    return ACCEPTED;
  };
  await device.publish({ topic: "/pk/dn/a b", payload: "" });
  expect(path).toBe("/topic/pk/dn/a%20b");
  await device.close();
});

it("a message is fetched with its id and topic, and acknowledged by its id", async () => {
  onFetch = (response) =>
    response
      .writeHead(200, { "x-message-id": "892687627916247040", "x-topic": "/pk/dn/a%20b" })
      .end(Buffer.from([0, 255]));
  const device = await connectHttp(target());
  const message = await device.fetchMessage({ waitMs: 5_000 });
  expect(message).toMatchObject({
    messageId: "892687627916247040",
    topic: "/pk/dn/a b",
    payload: Buffer.from([0, 255]),
  });
  await message?.acknowledge();
  expect(methods).toEqual(["POST /auth", "GET /mailbox?waitMs=5000", "DELETE /mailbox/892687627916247040"]);
  await device.close();
});

it("no message is nothing, and does not hold up what is published meanwhile", async () => {
  const device = await connectHttp(target());
  const asked = new Promise<ServerResponse>((done) => {
    onFetch = done;
  });
  const fetched = device.fetchMessage({ waitMs: 60_000 });
  const response = await asked;
  await device.publish({ topic: "/t", payload: "" });
  response.writeHead(204).end();
  expect(await fetched).toBeUndefined();
  await device.close();
});

it("a fetch with an expired token logs in again, and a refusal throws its code", async () => {
  const device = await connectHttp(target());
  const answers = ['{"code":20001,"message":"token is expired"}', '{"code":40000,"message":"request too many"}'];
  onFetch = (response) => response.end(answers.shift());
  await expect(device.fetchMessage()).rejects.toMatchObject({ code: "40000" });
  expect(logins).toBe(2);
  await device.close();
});

it("a wait ends with its signal, or with the device", async () => {
  onFetch = () => undefined;
  const device = await connectHttp(target());
  const stopped = new AbortController();
  const first = device.fetchMessage({ waitMs: 60_000, signal: stopped.signal });
  stopped.abort();
  await expect(first).rejects.toMatchObject({ code: "closed" });
  const second = device.fetchMessage({ waitMs: 60_000 });
  await device.close();
  await expect(second).rejects.toMatchObject({ code: "closed" });
});
