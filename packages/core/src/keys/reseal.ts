import type { Vault } from "../certificate/vault.ts";
import { VaultError } from "../certificate/vault-error.ts";
import type { KeyPass } from "../ports/key-store.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { SealedRow, SealedRows } from "../ports/sealed-rows.ts";
import type { Keychain } from "./keychain.ts";

/** Rows of one step: few enough that other work of the process waits some milliseconds only. */
const CHUNK = 500;

/** One step of a pass. */
export interface ResealStep {
  readonly pass: KeyPass;
  /** Secrets that were read, and that were sealed again. */
  readonly read: number;
  readonly resealed: number;
  readonly isLast: boolean;
}

/**
 * Takes the next rows of a pass and seals again what another key had sealed. A secret that changes at the same time keeps its change:
 * it is replaced only if it is still what was read. Doing a step twice does no harm.
 */
export async function resealNext(
  pass: KeyPass,
  { keychain, places, recorder }: { keychain: Keychain; places: readonly SealedRows[]; recorder: Recorder },
): Promise<ResealStep> {
  const index = places.findIndex(({ place }) => place === pass.place);
  const place = places[Math.max(index, 0)];
  if (!place) return { pass, read: 0, resealed: 0, isLast: true };
  const after = index < 0 ? undefined : pass.after;
  const { rows, next } = await place.list({ limit: CHUNK, ...(after === undefined ? {} : { after }) });
  const stale = rows.filter(({ sealed }) => !keychain.isCurrent(sealed));
  const changes = stale.flatMap((row) => {
    const to = sealAgain(row, keychain);
    return to === undefined ? [] : [{ row, to }];
  });
  const broken = stale.length - changes.length;
  if (broken > 0)
    recorder.fault("keys", new VaultError(`${broken} secrets of ${place.place} do not open and stay as they are`));
  const resealed = changes.length > 0 ? await place.replace(changes) : 0;
  const counted = { ...pass, stale: pass.stale + changes.length, broken: pass.broken + broken };
  const nextPlace = next === undefined ? places[places.indexOf(place) + 1]?.place : place.place;
  return {
    pass: { ...startOf(nextPlace ?? place.place, counted), ...(next === undefined ? {} : { after: next }) },
    read: rows.length,
    resealed,
    isLast: nextPlace === undefined,
  };
}

/** A pass that begins with the first row of the first place. */
export function firstPass(places: readonly SealedRows[], startedAtMs: number): KeyPass {
  return { startedAtMs, place: places[0]?.place ?? "", stale: 0, broken: 0 };
}

function startOf(place: string, { startedAtMs, stale, broken }: KeyPass): KeyPass {
  return { startedAtMs, place, stale, broken };
}

function sealAgain({ sealed, context }: SealedRow, vault: Vault): string | undefined {
  try {
    return vault.seal(vault.open(sealed, context), context);
  } catch (error) {
    if (error instanceof VaultError) return undefined;
    throw error;
  }
}
