import type { Duplex } from "node:stream";
import { createGroupScope, createSignInDelays } from "@trine/core/access";
import type { Operators, Platform, RunningAdapter } from "@trine/core/platform";
import type { Ingress, Listener, ListenerOptions } from "@trine/ingress";
import type { Metrics } from "@trine/runtime";
import { accept } from "./accept.ts";
import { startAccessWatch } from "./access/access-watch.ts";
import { createAdmitToGroup } from "./access/admit-to-group.ts";
import { createGate } from "./access/create-gate.ts";
import type { WireError } from "./access/error-conditions.ts";
import { createOpenCounts } from "./access/open-counts.ts";
import { createConsumerNames } from "./delivery/consumer-names.ts";
import type { AmqpSettings } from "./settings.ts";

/** What the adapter stands on. */
export interface AmqpDeps {
  readonly platform: Pick<Platform, "recorder" | "clock" | "random">;
  readonly operators: Pick<Operators, "uplinkLog" | "audit" | "accessKeys">;
  readonly metrics: Pick<Metrics, "subscriptionMessages">;
}

const CONNECTION_ID_BYTES = 6;

/** How long a stop waits for what clients accepted to be acknowledged, and for them to hang up. */
const FINISH_WITHIN_MS = 3_000;

const STOPPING: WireError = {
  condition: "amqp:connection:forced",
  description: "this process is about to stop: connect again",
};

/**
 * Starts the AMQP adapter.
 *
 * @throws StartError when a port cannot be had.
 */
export async function startAmqp(deps: AmqpDeps, settings: AmqpSettings, ingress: Ingress): Promise<RunningAdapter> {
  const service = createService(deps, settings);
  const receivers = { any: service.accept };
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
    await service.stop();
    throw error;
  }
  return {
    ports,
    async stop() {
      await stopListening();
      await service.stop();
    },
  };
}

/** Serves connections, whatever they came in by. */
function createService({ platform, operators, metrics }: AmqpDeps, settings: AmqpSettings) {
  const { recorder, clock, random } = platform;
  const { uplinkLog: log, audit, accessKeys } = operators;
  const open = new Set<(error: WireError) => void>();
  const finishing = new Set<Promise<void>>();
  const served = new Map<Duplex, Promise<void>>();
  const watch = startAccessWatch({ accessKeys, clock, recorder });
  const delays = createSignInDelays({ clock });
  const ms = (seconds: number) => seconds * 1_000;
  const deps = {
    gate: createGate({
      accessKeys,
      delays,
      audit,
      recorder,
      clock,
      windowMs: ms(settings.TRINE_AMQP_TIMESTAMP_SECONDS),
    }),
    admit: createAdmitToGroup({
      scope: createGroupScope({ log, clock }),
      audit,
      recorder,
      clock,
      groups: createOpenCounts(settings.TRINE_AMQP_CLIENTS_PER_GROUP),
      keys: createOpenCounts(settings.TRINE_AMQP_CONNECTIONS_PER_KEY),
    }),
    pump: {
      log,
      clock,
      recorder,
      mostOut: settings.TRINE_AMQP_IN_FLIGHT,
      count: (outcome: string, times: number) => metrics.subscriptionMessages.inc({ outcome }, times),
    },
    watch,
    open,
    finishing,
    recorder,
    names: createConsumerNames(),
    drawId: () => random.bytes(CONNECTION_ID_BYTES).toString("hex"),
    signInMs: ms(settings.TRINE_FIRST_BYTE_SECONDS),
    linkMs: ms(settings.TRINE_AMQP_LINK_SECONDS),
    idleMs: ms(settings.TRINE_AMQP_IDLE_SECONDS),
    slowMs: ms(settings.TRINE_AMQP_SLOW_SECONDS),
  };

  return {
    accept(inbound: Parameters<typeof accept>[0]) {
      const { stream } = inbound;
      served.set(
        stream,
        accept(inbound, deps).finally(() => served.delete(stream)),
      );
    },
    async stop() {
      for (const close of open) close(STOPPING);
      watch.stop();
      let giveUp: NodeJS.Timeout | undefined;
      const late = new Promise((done) => {
        giveUp = setTimeout(done, FINISH_WITHIN_MS);
      });
      const ended = Promise.all(served.values()).then(() => Promise.all(finishing));
      await Promise.race([ended, late]);
      clearTimeout(giveUp);
      for (const stream of served.keys()) stream.destroy();
    },
  };
}

/** Without a certificate there is nothing that the port of TLS could answer. */
function listenersOf(settings: AmqpSettings, { hasTls }: Ingress): Omit<ListenerOptions, "receivers">[] {
  const { TRINE_DEVICE_HOST: host, TRINE_AMQP_PORT: port, TRINE_AMQPS_PORT: securePort } = settings;
  return [
    ...(port === "off" ? [] : [{ host, port, setting: "TRINE_AMQP_PORT", tls: "never" } as const]),
    ...(securePort === "off" || !hasTls
      ? []
      : [{ host, port: securePort, setting: "TRINE_AMQPS_PORT", tls: "only" } as const]),
  ];
}
