import { connect, type Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { generate } from "mqtt-packet";
import type { BenchDevice } from "../bench-devices.ts";
import { connectPacket } from "../load/mqtt-load.ts";
import type { BenchServer } from "../servers.ts";

const EVERY_MS = 500;
const AGAIN_MS = 1_000;

/** Devices that stay connected, and publish now and then. */
export interface SteadyPublishers {
  /** Ends them. @returns how long each acknowledgement took, and how many connections were lost. */
  stop(): Promise<{ readonly times: readonly number[]; readonly lost: number }>;
}

/** Connects devices, spread over the nodes; each publishes a message of QoS 1 twice a second. */
export async function startSteadyPublishers(
  nodes: readonly BenchServer[],
  devices: readonly BenchDevice[],
): Promise<SteadyPublishers> {
  const times: number[] = [];
  const stopping = new AbortController();
  let lost = 0;

  async function publish(socket: Socket, { productKey, deviceName }: BenchDevice): Promise<void> {
    const topic = `/${productKey}/${deviceName}/user/update`;
    for (let messageId = 1; !stopping.signal.aborted && !socket.destroyed; messageId = (messageId % 65_535) + 1) {
      const began = performance.now();
      socket.write(generate({ cmd: "publish", topic, payload: "21", qos: 1, dup: false, retain: false, messageId }));
      await answerOf(socket);
      if (!socket.destroyed) times.push(performance.now() - began);
      await wait(EVERY_MS);
    }
    if (socket.destroyed) lost += 1;
    socket.destroy();
  }

  const publishers = await Promise.all(
    devices.map(async (device, index) => {
      const socket = await logIn(nodes[index % nodes.length]?.ports["TRINE_MQTT_PORT"] ?? 0, device);
      return { ended: publish(socket, device) };
    }),
  );
  return {
    async stop() {
      stopping.abort();
      await Promise.all(publishers.map(({ ended }) => ended));
      return { times, lost };
    },
  };
}

/** Resolves when something came, or the connection ended. */
function answerOf(socket: Socket): Promise<void> {
  return new Promise((done) => {
    const end = () => {
      socket.off("data", end);
      socket.off("close", end);
      done();
    };
    socket.on("data", end);
    socket.on("close", end);
  });
}

/** Tries until the device is in: before the storm, a busy machine may keep a node from its stores for a moment. */
async function logIn(port: number, device: BenchDevice): Promise<Socket> {
  for (;;) {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.on("error", () => undefined);
    socket.write(connectPacket(device));
    const code = await new Promise<number | undefined>((done) => {
      socket.once("data", (bytes: Buffer) => done(bytes[3]));
      socket.once("close", () => done(undefined));
    });
    if (code === 0) return socket;
    socket.destroy();
    await wait(AGAIN_MS);
  }
}
