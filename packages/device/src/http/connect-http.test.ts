import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
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

beforeEach(async () => {
  logins = 0;
  sockets = 0;
  answer = () => ACCEPTED;
  server = createServer((request, response) => {
    if (request.url === "/auth") logins += 1;
    const login = `{"code":0,"message":"success","info":{"token":"t${logins}"}}`;
    request.resume().once("end", () => response.end(request.url === "/auth" ? login : answer(request)));
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
