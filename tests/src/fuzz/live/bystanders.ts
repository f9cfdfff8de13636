import { connectCoap, connectMqtt } from "@trine/device";
import { topicOf } from "../../fleet.ts";
import type { Ledger } from "../../traffic/ledger.ts";
import type { Line, Protocol } from "../../traffic/line.ts";
import { overCoap, pullingLine } from "../../traffic/over-coap.ts";
import { overHttp } from "../../traffic/over-http.ts";
import { overMqtt } from "../../traffic/over-mqtt.ts";
import type { DevicePlan } from "../../traffic/traffic.ts";
import { openDtlsRelay } from "./dtls-relay.ts";

/** Devices that do nothing wrong, and how long the slowest answer to one of them took. */
export interface Watched {
  readonly plans: readonly DevicePlan[];
  slowestMs(): number;
}

const OF_EACH = 2;

/** Two devices on each protocol, in clear and secured. */
export function watchedDevices(): Watched {
  let slowest = 0;
  const note = (ms: number) => {
    slowest = Math.max(slowest, ms);
  };
  const protocols = [overMqtt, overTls, overHttp, overCoap, overDtls].map((protocol) => timed(protocol, note));
  const plans = protocols.flatMap((protocol) => Array.from({ length: OF_EACH }, () => ({ protocols: [protocol] })));
  return { plans, slowestMs: () => slowest };
}

/** Logins that ended otherwise than by the device's will. */
export function disturbances(ledgers: readonly Ledger[]): readonly string[] {
  return ledgers.flatMap(({ certificate, legs }) =>
    legs
      .filter(({ end }) => end === "cut")
      .map(({ way }) => `${certificate.deviceName} (${way}) was cut off, or not answered in time`),
  );
}

/** Devices that are pushed to over TLS with a pre-shared key. */
const overTls: Protocol = {
  ...overMqtt,
  async dial({ node, certificate, receive }) {
    const down = topicOf(certificate, "user/get");
    const connection = await connectMqtt({
      host: "127.0.0.1",
      port: node.app.ports["TRINE_MQTTS_PORT"] ?? 0,
      certificate,
      tls: "psk",
      onMessage: ({ topic, payload }) => topic === down && receive(payload.toString()),
    });
    await connection.subscribe([down]);
    return {
      publish: async (payload) =>
        void (await connection.publish({ topic: topicOf(certificate, "user/update"), payload })),
      ended: connection.closed,
      close: () => connection.close(),
      drop: () => connection.destroy(),
    };
  },
};

/** Devices that ask for their messages in a DTLS session. */
const overDtls: Protocol = {
  ...overCoap,
  name: "coaps",
  async dial({ node, certificate, receive }) {
    const relay = await openDtlsRelay({ port: node.app.ports["TRINE_COAPS_PORT"] ?? 0, certificate });
    const near = { host: "127.0.0.1", port: relay.port };
    const connection = await connectCoap({ ...near, certificate, mode: "plain" }).catch(async (error: unknown) => {
      await relay.close();
      throw error;
    });
    const line = pullingLine(connection, { certificate, receive });
    return {
      ...line,
      ended: Promise.race([line.ended, relay.ended]),
      async close() {
        await line.close();
        await relay.close();
      },
      drop() {
        line.drop();
        void relay.close();
      },
    };
  },
};

function timed(protocol: Protocol, note: (ms: number) => void): Protocol {
  return {
    ...protocol,
    async dial(options): Promise<Line> {
      const line = await protocol.dial(options);
      return {
        ...line,
        async publish(payload) {
          const began = performance.now();
          await line.publish(payload);
          note(performance.now() - began);
        },
      };
    },
  };
}
