import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate, type DeviceConnection } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AppName } from "../src/app-process.ts";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";
import { type ReadMessage, readUntil } from "../src/uplink-reader.ts";

/** What `stop_grace_period` of the compose file leaves, less a margin. */
const STOPS_WITHIN_MS = 10_000;
const SENDERS_PER_PROTOCOL = 3;
const BEFORE_STOP = 100;
const HOST = "127.0.0.1";

describe.each(INSTALLATIONS)("SIGTERM in the middle of QoS 1 traffic, %s", (kind) => {
  let trine: Installation;

  beforeAll(async () => {
    trine = await startInstallation(kind);
  }, 120_000);
  afterAll(() => trine?.dispose());

  const connects: Readonly<
    Record<"mqtt" | "http" | "coap", (certificate: DeviceCertificate) => Promise<DeviceConnection>>
  > = {
    mqtt: (certificate) => connectMqtt({ host: HOST, port: trine.ports.mqtt, certificate }),
    http: (certificate) => connectHttp({ host: HOST, port: trine.ports.http, certificate }),
    coap: (certificate) => connectCoap({ host: HOST, port: trine.ports.coap, certificate, mode: "plain" }),
  };
  // In the embedded installation one process is all three.
  const parts: readonly AppName[] = kind === "embedded" ? ["gateway"] : ["mqtt", "http", "coap"];

  it.each(parts)(
    "%s stops with exit code 0 in time, and nothing that it acknowledged is lost",
    async (part) => {
      const productKey = await makeProduct(trine.api);
      const protocols = part === "gateway" ? (["mqtt", "http", "coap"] as const) : [part as "mqtt" | "http" | "coap"];
      const senders = await Promise.all(
        protocols.flatMap((protocol) =>
          Array.from({ length: SENDERS_PER_PROTOCOL }, async () => {
            const certificate = await addDevice(trine.api, productKey);
            return startSender(certificate, await connects[protocol](certificate));
          }),
        ),
      );
      const acknowledged = () => senders.flatMap((sender) => sender.acknowledged);
      await eventually(
        async () => senders.map((sender) => sender.acknowledged.length),
        (counts) => counts.every((count) => count >= BEFORE_STOP / SENDERS_PER_PROTOCOL),
      );

      const app = trine.app(part === "gateway" ? "mqtt" : (part as "mqtt"));
      const begun = performance.now();
      expect(await app.stop()).toBe(0);
      expect(performance.now() - begun).toBeLessThan(STOPS_WITHIN_MS);
      expect(app.lines().at(-1)).toContain('"msg":"stopped"');
      await app.start();
      await Promise.all(senders.map((sender) => sender.stop()));

      const wanted = acknowledged();
      const missing = (messages: readonly ReadMessage[]) => {
        const seen = new Set(messages.map(({ deviceName, text }) => `${deviceName} ${text}`));
        return wanted.filter((each) => !seen.has(each));
      };
      const read = await readUntil(trine.api, (messages) => missing(messages).length === 0, {
        group: `after-${part}`,
        productKey,
      });
      expect(missing(read)).toEqual([]);
      expect(trine.logs().filter((line) => line.includes('"event":"fault"'))).toEqual([]);
    },
    90_000,
  );
});

/** Publishes numbered messages, one in flight, until it is stopped or its connection is gone. */
function startSender(certificate: DeviceCertificate, connection: DeviceConnection) {
  const acknowledged: string[] = [];
  let stopped = false;
  const run = async () => {
    try {
      for (let number = 1; !stopped; number += 1) {
        await connection.publish({ topic: topicOf(certificate, "user/update"), payload: String(number) });
        acknowledged.push(`${certificate.deviceName} ${number}`);
      }
    } catch {
      // What was not acknowledged may be lost.
    }
    await connection.close().catch(() => undefined);
  };
  const running = run();
  return {
    acknowledged,
    async stop() {
      stopped = true;
      await running;
    },
  };
}
