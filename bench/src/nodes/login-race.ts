import { setTimeout as wait } from "node:timers/promises";
import { connectMqtt, type MqttConnection } from "@trine/device";
import type { BenchDevice } from "../bench-devices.ts";
import type { BenchServer } from "../servers.ts";
import { type Distribution, distributionOf } from "./distribution.ts";

/** How long the last one left has to stay, to be the only one. */
const STAYS_MS = 500;
const GIVES_UP_MS = 10_000;

/**
 * Logs one device in many times at once, spread over the servers, again and again.
 *
 * @returns the time from the first login until one connection is left and no login is under way.
 * @throws when it does not come to that, or the one that is left goes as well.
 */
export async function measureLoginRace(
  servers: readonly BenchServer[],
  certificate: BenchDevice,
  { logins, rounds }: { logins: number; rounds: number },
): Promise<Distribution> {
  const times: number[] = [];
  for (let round = 0; round < rounds; round += 1) times.push(await race(servers, certificate, logins));
  return distributionOf(times);
}

async function race(servers: readonly BenchServer[], certificate: BenchDevice, logins: number): Promise<number> {
  const open = new Set<MqttConnection>();
  const began = performance.now();
  let lastChange = began;
  const attempts = Array.from({ length: logins }, async (_, at) => {
    const port = servers[at % servers.length]?.ports.TRINE_MQTT_PORT ?? 0;
    const connection = await connectMqtt({ host: "127.0.0.1", port, certificate }).catch(() => undefined);
    lastChange = performance.now();
    if (!connection) return;
    open.add(connection);
    void connection.closed.then(() => {
      open.delete(connection);
      lastChange = performance.now();
    });
  });
  await Promise.all(attempts);
  while (open.size !== 1) {
    if (performance.now() - began > GIVES_UP_MS) throw new Error(`${open.size} of ${logins} connections are left`);
    await wait(1);
  }
  const tookMs = lastChange - began;
  await wait(STAYS_MS);
  const [survivor] = open;
  if (!survivor) throw new Error("no connection is left");
  const { productKey, deviceName } = certificate;
  await survivor.publish({ topic: `/${productKey}/${deviceName}/user/update`, payload: "{}" });
  await survivor.close();
  return tookMs;
}
