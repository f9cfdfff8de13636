import { Agent, request } from "node:http";
import { connectMqtt, type MqttConnection } from "@trine/device";
import type { BenchDevice } from "./bench-devices.ts";
import { createLatencies } from "./load/latencies.ts";
import { cpuSeconds } from "./measure.ts";
import type { BenchInstallation } from "./servers.ts";

const WARM_UP_MS = 1_500;

/** What sending to connected devices costs: one message in flight a device, through the REST API. */
export async function measureDownlink(
  trine: BenchInstallation,
  devices: readonly BenchDevice[],
  windowMs: number,
): Promise<{ perSecond: number; cpuMicros: number; p50Ms: number; p99Ms: number }> {
  const { pid, ports } = trine.server("mqtt");
  const latencies = createLatencies();
  const agent = new Agent({ keepAlive: true });
  const exchanges: Promise<void>[] = [];
  let stopped = false;

  async function exchange(certificate: BenchDevice): Promise<MqttConnection> {
    let arrived: () => void = () => undefined;
    const topic = `/${certificate.productKey}/${certificate.deviceName}/user/get`;
    const connection = await connectMqtt({
      host: "127.0.0.1",
      port: ports.TRINE_MQTT_PORT ?? 0,
      certificate,
      onMessage: () => arrived(),
    });
    await connection.subscribe([topic], 1);
    const loop = async () => {
      while (!stopped) {
        const began = performance.now();
        const received = new Promise<void>((done) => {
          arrived = done;
        });
        await send(trine, agent, certificate, topic);
        await received;
        latencies.add(performance.now() - began);
      }
    };
    exchanges.push(loop());
    return connection;
  }

  const connections = await Promise.all(devices.map(exchange));
  await new Promise((done) => setTimeout(done, WARM_UP_MS));
  latencies.reset();
  const before = { cpu: cpuSeconds(pid), at: performance.now() };
  await new Promise((done) => setTimeout(done, windowMs));
  const cpu = cpuSeconds(pid) - before.cpu;
  const seconds = (performance.now() - before.at) / 1_000;
  stopped = true;
  const result = {
    perSecond: latencies.count / seconds,
    cpuMicros: (cpu * 1e6) / Math.max(1, latencies.count),
    p50Ms: latencies.percentile(0.5),
    p99Ms: latencies.percentile(0.99),
  };
  await Promise.all(exchanges);
  await Promise.all(connections.map((connection) => connection.close()));
  agent.destroy();
  return result;
}

function send(
  { adminPort, adminKey }: BenchInstallation,
  agent: Agent,
  device: BenchDevice,
  topic: string,
): Promise<void> {
  return new Promise((done, fail) => {
    const call = request(
      {
        agent,
        port: adminPort,
        host: "127.0.0.1",
        method: "POST",
        path: `/v1/products/${device.productKey}/devices/${device.deviceName}/messages`,
        headers: { authorization: `Bearer ${adminKey}`, "content-type": "application/json" },
      },
      (response) => response.resume().once("end", done),
    );
    call.once("error", fail);
    call.end(JSON.stringify({ topic, payload: '{"set":21}' }));
  });
}
