import { createPskTurns } from "@trine/core/auth";
import { listenError } from "@trine/runtime";
import type { DtlsOptions, DtlsServer, DtlsSession, NoEngine } from "./dtls-server.ts";
import { beginLife, type Life } from "./life.ts";
import { FRAME } from "./process/frames.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 10_000;
// A process that lived so long did not fail at its start.
const HEALTHY_MS = 60_000;
const STOP_WITHIN_MS = 2_000;

/**
 * Opens a DTLS port, in a process of its own: a fault of native code ends that process alone. It is started again then, on the same port; the
 * sessions are lost, and their devices greet anew.
 *
 * @throws StartError when the port cannot be had.
 */
export async function startDtls(options: DtlsOptions): Promise<DtlsServer | NoEngine> {
  const { recorder, certificate } = options;
  const turns = createPskTurns(options.pskKeys);
  const first = beginLife(options, { port: options.port, turns });
  const outcome = await first.started;
  if (typeof outcome !== "number") {
    await leave(first);
    if (outcome.kind === "no_engine") return { missing: outcome.detail };
    const error = Object.assign(new Error(outcome.detail), { code: outcome.code });
    throw listenError(error, options.setting, options.port);
  }
  const port = outcome;
  let life: Life | undefined = first;
  let stopping = false;
  let pause: NodeJS.Timeout | undefined;
  watch(first, { sinceMs: performance.now(), pauseMs: FIRST_PAUSE_MS });
  const unwatch = certificate?.onChange(() => {
    life?.child.channel.sendJson(FRAME.useCertificate, 0, certificate.current() ?? null);
  });

  return {
    port,
    get pid() {
      return life?.child.pid;
    },
    send: (session, datagram) => tell(session, FRAME.send, datagram),
    vouch(session, device) {
      const childId = life?.sessions.childIdOf(session);
      if (childId !== undefined) life?.vouch(childId, device);
    },
    end: (session) => tell(session, FRAME.end, EMPTY),
    async stop() {
      stopping = true;
      clearTimeout(pause);
      unwatch?.();
      if (life) await leave(life);
    },
  };

  function tell(session: DtlsSession, kind: number, payload: Buffer): void {
    const childId = life?.sessions.childIdOf(session);
    if (childId === undefined) return;
    if (!life?.child.channel.sendBytes(kind, childId, payload)) recorder.dropped(options.transport, "dtls_behind");
  }

  /** Starts the process again when it ends by itself: soon, and after each failure twice as late. */
  function watch(watched: Life, { sinceMs, pauseMs }: { sinceMs: number; pauseMs: number }): void {
    void watched.ended.then((how) => {
      watched.sessions.endAll(stopping ? "stopped" : "connection_lost");
      if (life === watched) life = undefined;
      if (stopping) return;
      recorder.fault("dtls_process", new Error(`the DTLS process ended (${how}) and is started again`));
      const nowMs = performance.now();
      const waitMs = nowMs - sinceMs > HEALTHY_MS ? FIRST_PAUSE_MS : pauseMs;
      pause = setTimeout(() => {
        life = beginLife(options, { port, turns });
        watch(life, { sinceMs: nowMs, pauseMs: Math.min(waitMs * 2, LONGEST_PAUSE_MS) });
        void endUnlessStarted(life);
      }, waitMs);
    });
  }

  /** One that cannot listen ends, and is tried again. */
  async function endUnlessStarted({ started, child }: Life): Promise<void> {
    if (typeof (await started) !== "number") child.kill();
  }
}

const EMPTY = Buffer.alloc(0);

/** Has a process say goodbye and end; one that does not is ended. */
async function leave({ child, ended }: Life): Promise<void> {
  child.channel.sendJson(FRAME.stop, 0, null);
  const late = setTimeout(child.kill, STOP_WITHIN_MS);
  await ended;
  clearTimeout(late);
}
