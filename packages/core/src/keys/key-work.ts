import type { Clock } from "../ports/clock.ts";
import type { ControlCommand } from "../ports/control-bus.ts";
import type { KeyChange, KeyRecords, KeyRotation, KeyStore } from "../ports/key-store.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { SealedRows } from "../ports/sealed-rows.ts";
import type { Answer } from "../registry/ask-others.ts";
import { neededMasterKeys } from "./check-master-keys.ts";
import type { Keychain } from "./keychain.ts";
import { firstPass, type ResealStep, resealNext } from "./reseal.ts";

/** What the work on keys stands on. */
export interface KeyWorkDeps {
  readonly keyStore: KeyStore;
  readonly sealedRows: readonly SealedRows[];
  readonly keychain: Keychain;
  readonly askOthers: (command: ControlCommand) => Promise<readonly Answer[]>;
  readonly directory: { liveNodes(): Promise<readonly string[]> };
  readonly clock: Clock;
  readonly recorder: Recorder;
}

/** What a step changes, and whether another follows at once. */
export interface KeyStep {
  readonly change: KeyChange;
  readonly goesOn: boolean;
}

/**
 * How long after every node seals with the new key something may still come in that was sealed with the one before: longer than a statement
 * and a batch's chunk may take. A pass that begins later finds it.
 */
export const SETTLE_MS = 30_000;

/** Whether `nextKeyStep` has something to do. */
export function isKeyWorkDue(records: KeyRecords, deps: KeyWorkDeps): boolean {
  const { rotation } = records;
  if (hasNewMaster(records, deps)) return true;
  return rotation !== undefined && (rotation.phase !== "done" || mayRetire(records, rotation, deps));
}

/**
 * The next step of what is to be done about keys; `undefined` when there is nothing. The order is the point: every node knows a key before one
 * seals with it, and every node seals with it before what others sealed is replaced, so that nobody meets a ciphertext that he cannot open.
 */
export async function nextKeyStep(records: KeyRecords, deps: KeyWorkDeps): Promise<KeyStep | undefined> {
  if (hasNewMaster(records, deps)) return adoptMaster(records, deps);
  const { rotation } = records;
  switch (rotation?.phase) {
    case undefined:
      return undefined;
    case "announced":
      return acknowledged(rotation, deps, () => ({
        activeDataKey: rotation.dataKey,
        rotation: at(rotation, "activated"),
      }));
    case "activated":
      return acknowledged(rotation, deps, () => beginSealing(rotation, deps));
    case "sealing":
    case "checking":
      return reseal(rotation, records, deps);
    case "done":
      return mayRetire(records, rotation, deps) ? step({ rotation: check(rotation, deps) }, true) : undefined;
  }
}

/** The first master key of this process is newer than the one in use. An older one stays unused: two processes must not swap them for ever. */
function hasNewMaster({ masterKeys, primary }: KeyRecords, { keychain }: KeyWorkDeps): boolean {
  if (keychain.primary === primary) return false;
  const [mine, inUse] = [keychain.primary, primary].map((id) => masterKeys.find((key) => key.id === id));
  return mine !== undefined && mine.retiredAtMs === undefined && mine.addedAtMs > (inUse?.addedAtMs ?? 0);
}

/**
 * Wraps every data key by the new master key, once every node has that. Before there are data keys a rotation to the first one begins: the
 * old master key has sealed secrets itself.
 */
async function adoptMaster(records: KeyRecords, deps: KeyWorkDeps): Promise<KeyStep> {
  const { keychain } = deps;
  const { primary } = keychain;
  const waitingFor = await silentNodes({ kind: "reload_keys", masterKey: primary }, deps);
  if (waitingFor.length > 0) return step({}, false);
  const dataKeys = await Promise.all(records.dataKeys.map((dataKey) => keychain.rewrap(dataKey)));
  if (records.rotation) return step({ primary, dataKeys }, true);
  if (records.activeDataKey !== undefined)
    return step({ primary, dataKeys, rotation: onlyChecked(records.activeDataKey, deps) }, true);
  const dataKey = await keychain.drawDataKey(primary);
  return step({ primary, dataKeys: [...dataKeys, dataKey], rotation: announced(dataKey.id, deps) }, true);
}

/** A pass over everything that the first data key of an installation sealed, so that its first master key can be retired. */
function onlyChecked(dataKey: string, deps: KeyWorkDeps): KeyRotation {
  return { ...check(announced(dataKey, deps), deps), activatedAtMs: deps.clock.nowMs() };
}

/** A rotation that begins. */
export function announced(
  dataKey: string,
  { clock, sealedRows }: Pick<KeyWorkDeps, "clock" | "sealedRows">,
): KeyRotation {
  const nowMs = clock.nowMs();
  const counts = { total: 0, done: 0, resealed: 0 };
  return {
    dataKey,
    phase: "announced",
    startedAtMs: nowMs,
    waitingFor: [],
    ...counts,
    pass: firstPass(sealedRows, nowMs),
  };
}

async function acknowledged(rotation: KeyRotation, deps: KeyWorkDeps, then: () => KeyChange | Promise<KeyChange>) {
  await deps.keychain.reload();
  const waitingFor = await silentNodes({ kind: "reload_keys" }, deps);
  if (waitingFor.length > 0) return step({ rotation: { ...rotation, waitingFor } }, false);
  return step(await then(), true);
}

/** Live nodes that did not say that they know every key. */
export async function silentNodes(
  command: ControlCommand,
  { askOthers, directory }: Pick<KeyWorkDeps, "askOthers" | "directory">,
): Promise<readonly string[]> {
  const answers = await askOthers(command);
  const without = answers.filter(({ reply }) => reply?.knowsKeys !== true).map(({ node }) => node);
  if (without.length === 0) return [];
  const live = new Set(await directory.liveNodes());
  return without.filter((node) => live.has(node));
}

async function beginSealing(rotation: KeyRotation, { sealedRows, clock }: KeyWorkDeps): Promise<KeyChange> {
  const counts = await Promise.all(sealedRows.map((place) => place.count()));
  const nowMs = clock.nowMs();
  const total = counts.reduce((sum, count) => sum + count, 0);
  return {
    rotation: { ...at(rotation, "sealing"), activatedAtMs: nowMs, total, pass: firstPass(sealedRows, nowMs) },
  };
}

async function reseal(rotation: KeyRotation, records: KeyRecords, deps: KeyWorkDeps): Promise<KeyStep> {
  const done = await resealNext(rotation.pass, { ...deps, places: deps.sealedRows });
  const counted = {
    ...rotation,
    pass: done.pass,
    done: rotation.done + (rotation.phase === "sealing" ? done.read : 0),
    resealed: rotation.resealed + done.resealed,
  };
  return done.isLast ? endPass(counted, done, { records, deps }) : step({ rotation: counted }, true);
}

/** A pass that found something is followed by another: what it found may have been replaced by something as old meanwhile. */
function endPass(
  rotation: KeyRotation,
  { pass }: ResealStep,
  { records, deps }: { records: KeyRecords; deps: KeyWorkDeps },
): KeyStep {
  const nowMs = deps.clock.nowMs();
  if (rotation.phase === "sealing") {
    const sealed = { ...rotation, total: rotation.done, sealedAtMs: nowMs };
    return step({ rotation: check(sealed, deps) }, true);
  }
  if (pass.stale > 0) return step({ rotation: check(rotation, deps) }, true);
  const finished: KeyRotation = { ...at(rotation, "done"), finishedAtMs: rotation.finishedAtMs ?? nowMs };
  const isSettled = pass.startedAtMs >= (rotation.activatedAtMs ?? nowMs) + SETTLE_MS;
  const ids = isSettled && pass.broken === 0 ? retirable(records) : [];
  return step({ rotation: finished, ...(ids.length > 0 ? { retired: { ids, atMs: nowMs } } : {}) }, true);
}

/** Master keys that are not in use any more but may have sealed something themselves. */
function retirable(records: KeyRecords): readonly string[] {
  const wrapping = new Set(records.dataKeys.map(({ wrappedBy }) => wrappedBy));
  return neededMasterKeys(records)
    .map(({ id }) => id)
    .filter((id) => id !== records.primary && !wrapping.has(id));
}

/** After the last pass, when it was too early or something did not open, it is tried again: some time later, and not all the time. */
function mayRetire(records: KeyRecords, { activatedAtMs = 0, pass }: KeyRotation, { clock }: KeyWorkDeps): boolean {
  if (retirable(records).length === 0) return false;
  const nowMs = clock.nowMs();
  const againMs = pass.broken > 0 ? 3_600_000 : SETTLE_MS;
  return nowMs >= activatedAtMs + SETTLE_MS && nowMs >= pass.startedAtMs + againMs;
}

function check(rotation: KeyRotation, { sealedRows, clock }: KeyWorkDeps): KeyRotation {
  return { ...at(rotation, "checking"), pass: firstPass(sealedRows, clock.nowMs()) };
}

function at(rotation: KeyRotation, phase: KeyRotation["phase"]): KeyRotation {
  return { ...rotation, phase, waitingFor: [] };
}

function step(change: KeyChange, goesOn: boolean): KeyStep {
  return { change, goesOn };
}
