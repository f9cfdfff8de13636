import type { Recorder } from "@trine/core/ports";
import type { Logger } from "./logger.ts";
import type { Metrics } from "./metrics.ts";

const FAULT_LOG_INTERVAL_MS = 1_000;

/**
 * Tells logs and metrics what the gateway does.
 *
 * An outage makes the same fault thousands of times a second; each place logs at most one a second, and every one is counted.
 */
export function createRecorder(deps: { logger: Logger; metrics: Metrics; monotonicMs: () => number }): Recorder {
  const { logger, metrics, monotonicMs } = deps;
  const loggedAt = new Map<string, number>();

  return {
    loginDecided({ transport, peer, device, code, why, sessionId, activatedNow, ms }) {
      metrics.logins.inc({ transport, code });
      metrics.loginSeconds.observe({ transport }, ms / 1_000);
      if (activatedNow) metrics.activations.inc({ transport });
      // When all devices come back at once, a line for each that is to wait would be a load of its own.
      const level = code === "ok" || code === "busy" ? "debug" : "info";
      logger[level](
        {
          event: "auth.decided",
          transport,
          peer,
          ...device,
          code,
          why,
          sessionId,
          activatedNow,
          ms: Math.round(ms * 100) / 100,
        },
        code === "ok" ? "login accepted" : "login refused",
      );
    },
    registrationDecided({ transport, peer, device, wants, code, why, ms }) {
      metrics.registrations.inc({ transport, code });
      logger[code === "busy" ? "debug" : "info"](
        { event: "registration.decided", transport, peer, ...device, wants, code, why, ms: Math.round(ms * 100) / 100 },
        code === "ok" ? "device registered" : "registration refused",
      );
    },
    uplinkDecided({ transport, qos, code, bytes, ms }) {
      metrics.uplink.inc({ transport, qos: String(qos), code });
      if (code !== "ok") return;
      metrics.uplinkBytes.inc({ transport }, bytes);
      metrics.uplinkSeconds.observe({ transport }, ms / 1_000);
    },
    downlinkChanged({ state }) {
      metrics.downlink.inc({ state });
    },
    serviceAnswered({ service, code, ms }) {
      metrics.serviceAnswers.inc({ service, code });
      metrics.serviceSeconds.observe({ service }, ms / 1_000);
    },
    connectionOpened(transport) {
      metrics.connections.inc({ transport });
    },
    connectionClosed(transport, why) {
      metrics.connections.dec({ transport });
      metrics.disconnects.inc({ transport, why });
    },
    dropped(transport, reason, times = 1) {
      metrics.dropped.inc({ transport, reason }, times);
    },
    handshakesDecided({ transport, outcome, times }) {
      metrics.handshakes.inc({ transport, outcome }, times);
    },
    nodeLost({ nodeId, devices }) {
      metrics.lostNodeDevices.inc(devices);
      logger.warn({ event: "node.lost", nodeId, devices }, "devices of a lost node are offline");
    },
    cloneSuspected({ transport }) {
      metrics.clonesSuspected.inc({ transport });
    },
    timelineDropped(count) {
      metrics.timelineDropped.inc(count);
    },
    fault(where, error) {
      metrics.faults.inc({ where });
      const now = monotonicMs();
      if (now - (loggedAt.get(where) ?? Number.NEGATIVE_INFINITY) < FAULT_LOG_INTERVAL_MS) return;
      loggedAt.set(where, now);
      logger.error({ event: "fault", where, err: error }, "fault");
    },
  };
}
