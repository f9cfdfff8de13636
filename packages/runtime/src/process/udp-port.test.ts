import { createSocket, Socket } from "node:dgram";
import { once } from "node:events";
import { afterEach, expect, it, vi } from "vitest";
import { openUdpPort, type UdpPort } from "./udp-port.ts";

const ports: UdpPort[] = [];
afterEach(() => Promise.all(ports.splice(0).map((port) => port.close())));

async function aPort(host = "127.0.0.1") {
  const [heard, dropped] = [[] as string[], [] as string[]];
  const port = await openUdpPort(
    { host, port: 0, receiveBufferBytes: 1_000_000 },
    {
      datagram(datagram, from) {
        heard.push(String(datagram));
        port.send(Buffer.from(`echo ${datagram}`), from);
      },
      dropped: (reason) => void dropped.push(reason),
      fault: (error) => void dropped.push(error.message),
    },
  );
  ports.push(port);
  return { port, heard, dropped };
}

it("a datagram is answered where it came from, over both families where the host is ::", async () => {
  const { port } = await aPort("::");
  for (const [type, host] of [
    ["udp4", "127.0.0.1"],
    ["udp6", "::1"],
  ] as const) {
    const client = createSocket(type);
    client.send("hello", port.port, host);
    expect(String((await once(client, "message"))[0])).toBe("echo hello");
    client.close();
  }
});

it("a datagram from port 0 is dropped unheard: it cannot be answered, and the system throws at who tries", async () => {
  const bind = vi.spyOn(Socket.prototype, "bind");
  const { heard, dropped } = await aPort();
  const [socket] = bind.mock.contexts as Socket[];
  bind.mockRestore();
  // As the kernel gives it; sending one takes a raw socket, and the right to open it.
  socket?.emit("message", Buffer.from("hello"), { address: "127.0.0.1", family: "IPv4", port: 0, size: 5 });
  expect([heard, dropped]).toEqual([[], ["no_return_port"]]);
});

it("what the system does not send is dropped, and the port goes on", async () => {
  const { port, dropped } = await aPort();
  port.send(Buffer.alloc(70_000), { address: "127.0.0.1", port: 9 });
  await expect.poll(() => dropped).toEqual(["unsent"]);
  const client = createSocket("udp4");
  client.send("hello", port.port, "127.0.0.1");
  expect(String((await once(client, "message"))[0])).toBe("echo hello");
  client.close();
});

it("a port closes when everything that was handed over is sent", async () => {
  const { port } = await aPort();
  const client = createSocket("udp4").bind(0, "127.0.0.1");
  await once(client, "listening");
  let heard = 0;
  client.on("message", () => {
    heard += 1;
  });
  for (let index = 0; index < 20; index += 1)
    port.send(Buffer.from("bye"), { address: "127.0.0.1", port: client.address().port });
  ports.length = 0;
  await port.close();
  await expect.poll(() => heard).toBe(20);
  client.close();
});

it("a port that is taken is what the system says", async () => {
  const { port } = await aPort();
  const again = openUdpPort(
    { host: "127.0.0.1", port: port.port },
    { datagram: () => undefined, dropped: () => undefined, fault: () => undefined },
  );
  await expect(again).rejects.toMatchObject({ code: "EADDRINUSE" });
});
