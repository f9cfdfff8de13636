import { createServer } from "node:net";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { listenOn } from "@trine/runtime";
import { createConnectionTable } from "./connection-table.ts";
import { createEngine } from "./create-engine.ts";
import type { MqttSettings } from "./settings.ts";

/** Connections that wait to be accepted when thousands come at once. */
const BACKLOG = 4_096;

/** How long a stop waits, after the last connection was handed on, for messages that are on their way into the log. */
const FINISH_WITHIN_MS = 5_000;

/**
 * Starts the MQTT adapter.
 *
 * @throws StartError when the port cannot be had.
 */
export async function startMqtt(platform: Platform, settings: MqttSettings): Promise<RunningAdapter> {
  const { TRINE_DEVICE_HOST: host, TRINE_MQTT_PORT: port } = settings;
  if (port === "off") return { ports: {}, stop: async () => {} };
  const table = createConnectionTable();
  const engine = await createEngine({ platform, settings, table });
  const server = createServer((socket) => engine.accept(socket));
  const taken = await listenOn(server, { host, port, setting: "TRINE_MQTT_PORT", backlog: BACKLOG }).catch(
    async (error: unknown) => {
      await engine.stop({ drainMs: 0, finishMs: 0 });
      throw error;
    },
  );
  // The process has run out of file descriptors, say: it serves whom it has.
  server.on("error", (error) => platform.recorder.fault("mqtt_listener", error));
  const letGo = platform.hold({ ...table, closeAll: engine.closeAll });
  return {
    ports: { TRINE_MQTT_PORT: taken },
    async stop(drainMs = 0) {
      const closed = new Promise((done) => server.close(done));
      await engine.stop({ drainMs, finishMs: FINISH_WITHIN_MS });
      await closed;
      letGo();
    },
  };
}
