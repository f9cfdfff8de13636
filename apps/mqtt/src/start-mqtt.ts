import type { Platform, RunningAdapter } from "@trine/core/platform";
import type { Ingress, Listener, ListenerOptions, Receivers } from "@trine/ingress";
import { createConnectionTable } from "./connection-table.ts";
import { createEngine } from "./create-engine.ts";
import type { MqttSettings } from "./settings.ts";

/** How long a stop waits, after the last connection was handed on, for messages that are on their way into the log. */
const FINISH_WITHIN_MS = 5_000;

/** Devices of the vendor dial `/` (wire-format 2.5), most other clients `/mqtt`. */
const WEB_SOCKET_PATHS = ["/", "/mqtt"];

/** What clients of MQTT 3.1.1 and of MQTT 3.1 offer (wire-format 2.5). */
const SUBPROTOCOLS = ["mqtt", "mqttv3.1"];

/** The MQTT adapter, started. */
export interface MqttAdapter extends RunningAdapter {
  /** Takes connections of other listeners. */
  readonly receivers: Receivers;
}

/**
 * Starts the MQTT adapter.
 *
 * @throws StartError when a port cannot be had.
 */
export async function startMqtt(platform: Platform, settings: MqttSettings, ingress: Ingress): Promise<MqttAdapter> {
  const table = createConnectionTable();
  const engine = await createEngine({ platform, settings, table });
  const accept = engine.accept;
  const receivers = { binary: accept, webSocket: { paths: WEB_SOCKET_PATHS, subprotocols: SUBPROTOCOLS, accept } };
  const listeners: Listener[] = [];
  const ports: Record<string, number> = {};
  const stopListening = () => Promise.all(listeners.map((listener) => listener.stop()));
  try {
    for (const options of listenersOf(settings, ingress)) {
      const listener = await ingress.listen({ ...options, receivers });
      listeners.push(listener);
      ports[options.setting] = listener.port;
    }
  } catch (error) {
    await stopListening();
    await engine.stop({ drainMs: 0, finishMs: 0 });
    throw error;
  }
  const letGo = platform.hold({ ...table, closeAll: engine.closeAll, closeIdle: engine.closeIdle });
  return {
    ports,
    receivers,
    async stop(drainMs = 0) {
      const stopped = stopListening();
      await engine.stop({ drainMs, finishMs: FINISH_WITHIN_MS });
      await stopped;
      letGo();
    },
  };
}

/** Without a certificate there is nothing that the port of TLS could answer. */
function listenersOf(settings: MqttSettings, { hasTls }: Ingress): Omit<ListenerOptions, "receivers">[] {
  const { TRINE_DEVICE_HOST: host, TRINE_MQTT_PORT: port, TRINE_MQTTS_PORT: securePort } = settings;
  return [
    ...(port === "off" ? [] : [{ host, port, setting: "TRINE_MQTT_PORT", tls: hasTls ? "also" : "never" } as const]),
    ...(securePort === "off" || !hasTls
      ? []
      : [{ host, port: securePort, setting: "TRINE_MQTTS_PORT", tls: "only" } as const]),
  ];
}
