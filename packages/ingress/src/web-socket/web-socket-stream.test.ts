import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { afterEach, beforeEach, expect, it } from "vitest";
import { WebSocket, WebSocketServer } from "ws";
import { WebSocketStream } from "./web-socket-stream.ts";

let server: WebSocketServer;
let client: WebSocket;
let stream: WebSocketStream;

beforeEach(async () => {
  server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
  await once(server, "listening");
  client = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  const [[accepted]] = await Promise.all([once(server, "connection"), once(client, "open")]);
  stream = new WebSocketStream(accepted as WebSocket);
  stream.on("error", () => undefined);
});
afterEach(() => {
  client.terminate();
  server.close();
});

it("messages are one stream of bytes, both ways", async () => {
  const read: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => read.push(chunk));
  client.send(Buffer.from("one "));
  client.send(Buffer.from("two"));
  await expect.poll(() => Buffer.concat(read).toString()).toBe("one two");
  const messages: Buffer[] = [];
  client.on("message", (data: Buffer) => messages.push(data));
  stream.cork();
  stream.write("packet ");
  stream.write("of two parts");
  stream.uncork();
  await expect.poll(() => messages.map(String)).toEqual(["packet of two parts"]);
});

it("a text ends the connection with the code for it", async () => {
  client.send("text");
  const [code] = await once(client, "close");
  expect(code).toBe(1003);
});

it("a reader that takes nothing stops the sender", async () => {
  for (let i = 0; i < 200; i += 1) client.send(Buffer.alloc(65_536));
  await expect.poll(() => stream.readableLength).toBeGreaterThan(0);
  await new Promise((done) => setTimeout(done, 100));
  expect(stream.readableLength).toBeLessThan(2 * 65_536 + 1);
  expect(client.bufferedAmount).toBeGreaterThan(0);
});

it("is ended with a goodbye, after what was written, and so is the stream by the client's", async () => {
  const messages: string[] = [];
  client.on("message", (data: Buffer) => messages.push(data.toString()));
  stream.resume().end("last words");
  const [code] = await once(client, "close");
  expect([code, messages]).toEqual([1000, ["last words"]]);
  await expect.poll(() => stream.closed).toBe(true);
});

it("a stream that is destroyed says goodbye too, takes nothing more, and waits for no answer", async () => {
  const read: unknown[] = [];
  stream.on("data", (chunk) => read.push(chunk));
  const { _socket: line } = client as unknown as { _socket: Socket };
  // A client that neither reads nor answers.
  line.pause();
  stream.destroy();
  client.send(Buffer.from("late"));
  await once(line.resume(), "close");
  expect(read).toEqual([]);
});
