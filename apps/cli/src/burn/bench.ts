import { CliError } from "../api-client.ts";
import type { Fate, Journal, JournalEntry } from "./journal.ts";
import type { OpenPackage, Triple } from "./open-package.ts";

/** How it stands about a package. */
export interface Standing {
  readonly total: number;
  /** Given to stations, confirmed or not. */
  readonly handedOut: number;
  readonly spoiled: number;
  readonly left: number;
}

/** Hands the certificates of a package out, each once. */
export interface Bench {
  /**
   * The next ones, which are written down as handed out before this returns. Fewer when fewer are left.
   * @throws CliError when the package has expired.
   */
  take(count: number, label?: string): readonly Triple[];
  /** Notes what became of a device that was handed out. @throws CliError when it was not. */
  settle(deviceName: string, what: Exclude<Fate, "handed">): void;
  standing(): Standing;
}

/** Makes the bench of a package over its journal. A spoiled certificate is not handed out again: half of it may stand in a flash. */
export function createBench(of: OpenPackage, journal: Journal, now: () => Date): Bench {
  const waiting = of.triples.filter(({ deviceName }) => !journal.fates.has(deviceName));
  const names = new Set(of.triples.map(({ deviceName }) => deviceName));

  function entry(deviceName: string, what: Fate, label?: string): JournalEntry {
    return { deviceName, what, at: now().toISOString(), ...(label === undefined ? {} : { label }) };
  }

  return {
    take(count, label) {
      if (now().getTime() >= Date.parse(of.expiresAt))
        throw new CliError(`package ${of.packageId} expired at ${of.expiresAt}; ask for another one`);
      const taken = waiting.splice(0, count);
      if (taken.length > 0) journal.note(taken.map(({ deviceName }) => entry(deviceName, "handed", label)));
      return taken;
    },
    settle(deviceName, what) {
      const before = journal.fates.get(deviceName);
      if (!names.has(deviceName) || !before) throw new CliError(`${deviceName} was not handed out of this package`);
      if (before.what !== what) journal.note([entry(deviceName, what, before.label)]);
    },
    standing() {
      const fates = [...journal.fates.values()].filter(({ deviceName }) => names.has(deviceName));
      const spoiled = fates.filter(({ what }) => what === "spoiled").length;
      return { total: names.size, handedOut: fates.length - spoiled, spoiled, left: waiting.length };
    },
  };
}
