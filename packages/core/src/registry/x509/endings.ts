import type { X509Ending } from "../../ports/x509-store.ts";
import type { X509Endings } from "./contracts.ts";
import type { X509Deps } from "./x509-deps.ts";

const DAY_MS = 86_400_000;

/** Days before the end at which it is told; 0 is the end itself. The most urgent one first, which speaks for the others. */
const LEVELS = [0, 1, 7, 30] as const;

/** How long a certificate that has ended is still shown. */
const SHOWN_MS = 90 * DAY_MS;

const CHUNK = 100;

/** Tells operators and applications of certificates that end, each once a level, whichever node finds it. */
export function createX509Endings(
  deps: Pick<X509Deps, "x509" | "uplink" | "notes" | "clock" | "recorder">,
): X509Endings {
  const { x509, uplink, notes, clock, recorder } = deps;

  async function tell({ fingerprint, device, iotId, notAfterMs }: X509Ending, level: number): Promise<void> {
    if (!(await x509.noteEndingTold(fingerprint, level))) return;
    const atMs = clock.nowMs();
    const action = level === 0 ? "expired" : "expiring";
    const detail = { fingerprint, notAfter: new Date(notAfterMs).toISOString(), days: level };
    notes.note({ device, iotId, kind: `x509_${action}`, atMs, detail });
    const { productKey, deviceName } = device;
    const body = { action, iotId, productKey, deviceName, ...detail, messageCreateTime: atMs };
    await uplink
      .announce(device, `/${productKey}/${deviceName}/thing/x509`, body)
      .catch((error: unknown) => recorder.fault("announce_x509", error));
  }

  return {
    async work(signal) {
      const nowMs = clock.nowMs();
      let more = false;
      for (const level of LEVELS) {
        const ending = await x509.listEnding({ beforeMs: nowMs + level * DAY_MS, level }, CHUNK);
        for (const each of ending) {
          if (signal.aborted) return false;
          await tell(each, level);
        }
        more ||= ending.length === CHUNK;
      }
      const forgotten = await x509.forgetEnded(nowMs - SHOWN_MS, CHUNK);
      return more || forgotten === CHUNK;
    },
    async count() {
      const nowMs = clock.nowMs();
      const counts = await x509.countEnding(LEVELS.map((level) => nowMs + level * DAY_MS));
      return new Map(LEVELS.map((level, at) => [level, counts[at] ?? 0]));
    },
  };
}
