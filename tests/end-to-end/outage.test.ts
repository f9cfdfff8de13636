import { connectCoap, connectHttp, connectMqtt, DeviceError } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";

const HEALS_WITHIN_MS = 5_000;

/**
 * What each protocol says when a store is down; "closed" and "timeout" are the line's own way, also of a process whose lease ended with Redis: it
 * answers nothing until it has renewed it.
 */
const UNAVAILABLE = { mqtt: ["3", "closed"], http: ["10000", "closed"], coap: ["5.03", "timeout"] } as const;

describe("an outage of a store while devices log in and publish", () => {
  let trine: Installation;
  let productKey: string;

  beforeAll(async () => {
    // No memory of devices: every login meets the outage.
    trine = await startInstallation("separate", { TRINE_CACHE_SECONDS: "1" });
    productKey = await makeProduct(trine.api);
  }, 120_000);
  afterAll(() => trine?.dispose());

  /** One device after the other logs in and publishes, on each protocol. */
  function startTraffic() {
    const codes = { mqtt: new Set<string>(), http: new Set<string>(), coap: new Set<string>() };
    const lastSuccess = { mqtt: 0, http: 0, coap: 0 };
    let stopped = false;
    const host = "127.0.0.1";
    const connects = {
      mqtt: (certificate: Awaited<ReturnType<typeof addDevice>>) =>
        connectMqtt({ host, port: trine.ports.mqtt, certificate }),
      http: (certificate: Awaited<ReturnType<typeof addDevice>>) =>
        connectHttp({ host, port: trine.ports.http, certificate }),
      coap: (certificate: Awaited<ReturnType<typeof addDevice>>) =>
        connectCoap({ host, port: trine.ports.coap, certificate, mode: "plain" }),
    };
    const protocols = Object.keys(connects) as (keyof typeof connects)[];
    const run = async (protocol: keyof typeof connects, certificate: Awaited<ReturnType<typeof addDevice>>) => {
      while (!stopped) {
        try {
          const connection = await connects[protocol](certificate);
          await connection
            .publish({ topic: topicOf(certificate, "user/update"), payload: "x" })
            .finally(() => connection.close());
          lastSuccess[protocol] = Date.now();
        } catch (error) {
          codes[protocol].add(error instanceof DeviceError ? error.code : String(error));
        }
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    return {
      codes,
      lastSuccess,
      begin: async () => {
        const certificates = await Promise.all(protocols.map(() => addDevice(trine.api, productKey)));
        const running = Promise.all(protocols.map((protocol, at) => run(protocol, certificates[at] ?? fail())));
        return async () => {
          stopped = true;
          await running;
        };
      },
    };
  }

  it.each(["postgres", "redis"] as const)(
    "of %s is unavailable on every wire, and heals by itself",
    async (name) => {
      const server = trine[name] ?? fail();
      const traffic = startTraffic();
      const stop = await traffic.begin();
      const all = () => Object.values(traffic.lastSuccess);
      await eventually(
        async () => all(),
        (times) => times.every((time) => time > 0),
      );

      await server.kill();
      await new Promise((done) => setTimeout(done, 3_000));
      await server.restart();
      const back = Date.now();
      const healed = await eventually(
        async () => all(),
        (times) => times.every((time) => time > back),
        15_000,
      );
      await stop();

      expect(Math.max(...healed) - back).toBeLessThan(HEALS_WITHIN_MS);
      for (const [protocol, codes] of Object.entries(traffic.codes)) {
        const allowed: readonly string[] = UNAVAILABLE[protocol as keyof typeof UNAVAILABLE];
        expect(
          [...codes].filter((code) => !allowed.includes(code)),
          `${protocol} said nothing but unavailable`,
        ).toEqual([]);
      }
      if (name === "redis") for (const codes of Object.values(traffic.codes)) expect(codes.size).toBeGreaterThan(0);
    },
    60_000,
  );
});

function fail(): never {
  throw new Error("the installation lacks a part");
}
