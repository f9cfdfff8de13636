import { inArray, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import type { Sql } from "../database/sql-database.ts";
import { sessions } from "../schema/session-tables.ts";
import { type SequenceWindow, takeFrom } from "./sequence-window.ts";

export interface SequenceRequest {
  readonly tokenHash: string;
  readonly seq: number;
  readonly window: number;
}

export type SequenceAnswer = "taken" | "replayed" | "no_session";

interface SessionNumbers {
  readonly offset: number;
  readonly window: SequenceWindow | undefined;
}

/** Judges numbers of many sessions in order, and writes what was taken. One call at a time: it reads, then writes. */
export async function takeSequences(db: Sql, requests: readonly SequenceRequest[]): Promise<readonly SequenceAnswer[]> {
  const known = await loadNumbers(db, new Set(requests.map(({ tokenHash }) => tokenHash)));
  const changed = new Map<string, SequenceWindow>();
  const answers = requests.map(({ tokenHash, seq, window }): SequenceAnswer => {
    const numbers = known.get(tokenHash);
    if (!numbers) return "no_session";
    const next = seq < numbers.offset ? undefined : takeFrom(numbers.window, seq, window);
    if (!next) return "replayed";
    known.set(tokenHash, { ...numbers, window: next });
    changed.set(tokenHash, next);
    return "taken";
  });
  if (changed.size > 0) await saveWindows(db, changed);
  return answers;
}

async function loadNumbers(db: Sql, tokenHashes: ReadonlySet<string>): Promise<Map<string, SessionNumbers>> {
  const rows = await db
    .select({
      tokenHash: sessions.tokenHash,
      sealing: sessions.sealing,
      highest: sessions.highestSequence,
      taken: sessions.takenSequences,
    })
    .from(sessions)
    .where(inArray(sessions.tokenHash, [...tokenHashes]));
  return new Map(
    rows.map(({ tokenHash, sealing, highest, taken }) => [
      tokenHash,
      {
        offset: sealing?.seqOffset ?? 0,
        window: highest === null ? undefined : { highest, taken: BigInt(`0x${taken}`) },
      },
    ]),
  );
}

async function saveWindows(db: Sql, windows: ReadonlyMap<string, SequenceWindow>): Promise<void> {
  const rows = [...windows].map(([tokenHash, { highest, taken }]) => ({
    tokenHash,
    highest,
    taken: taken.toString(16),
  }));
  const input = recordset(rows, { tokenHash: "text", highest: "bigint", taken: "text" });
  await db.execute(
    sql`update ${sessions} s set highest_sequence = input.highest, taken_sequences = input.taken
      from ${input} where s.token_hash = input."tokenHash"`,
  );
}
