import type { Duplex } from "node:stream";
import type { Secret } from "@trine/core/certificate";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { type Inbound, type Ingress, readProxyKey, writeProxyHeader } from "@trine/ingress";
import { handOff, StartError } from "@trine/runtime";
import { type Backends, createBackends } from "./backends.ts";
import { relay } from "./relay.ts";
import type { FrontSettings } from "./settings.ts";

/**
 * Starts the front: one port for every protocol over TCP, whose connections it hands on to the processes of their protocols. It takes TLS off,
 * and says with the PROXY protocol, version 2, whose connection it is and what its channel proved.
 *
 * It knows no protocol and holds no device: what it is asked to close, the processes behind it close.
 *
 * @throws StartError when the port cannot be had, or a setting is none.
 */
export async function startFront(
  platform: Pick<Platform, "recorder">,
  settings: FrontSettings,
  ingress: Ingress,
): Promise<RunningAdapter> {
  const { TRINE_DEVICE_HOST: host, TRINE_ALL_PORT: port, TRINE_FRONT_CONNECT_MS: withinMs } = settings;
  if (port === "off") return { ports: {}, stop: async () => undefined };
  const key = demandKey(settings);
  const mqtt = createBackends(settings.TRINE_FRONT_MQTT, { setting: "TRINE_FRONT_MQTT", withinMs });
  const http = createBackends(settings.TRINE_FRONT_HTTP, { setting: "TRINE_FRONT_HTTP", withinMs });
  const open = new Set<Duplex>();

  async function handOn({ stream, peer, security, proof }: Inbound, backends: Backends): Promise<void> {
    open.add(stream);
    stream.once("close", () => open.delete(stream));
    const backend = await backends.connect();
    if (!backend || stream.destroyed) {
      if (!backend) platform.recorder.dropped("front", "no_backend");
      backend?.destroy();
      stream.destroy();
      return;
    }
    backend.write(writeProxyHeader({ source: peer, isSecured: security === "tls", ...(proof ? { proof } : {}) }, key));
    await relay(stream, backend);
  }

  const to = (backends: Backends) => (inbound: Inbound) => {
    handOn(inbound, backends).catch((error: unknown) => {
      platform.recorder.fault("front", error);
      inbound.stream.destroy();
    });
  };
  const setting = "TRINE_ALL_PORT";
  const listener = await ingress.listen({
    host,
    port,
    setting,
    tls: ingress.hasTls ? "also" : "never",
    receivers: { binary: to(mqtt), upgrade: to(mqtt), http: to(http) },
  });
  return {
    ports: { [setting]: listener.port },
    async stop(drainMs = 0) {
      await listener.stop();
      await handOff([...open], drainMs, (stream) => stream.end());
    },
  };
}

function demandKey({ TRINE_PROXY_KEY_FILE: file }: FrontSettings): Secret {
  const key = readProxyKey(file);
  if (key) return key;
  throw new StartError(
    "TRINE_PROXY_KEY_FILE is required: by its key the processes behind the front believe what it says",
  );
}
