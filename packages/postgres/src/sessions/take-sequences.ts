import type { SessionStore } from "@trine/core/ports";
import { inArray, sql } from "drizzle-orm";
import { recordset } from "../database/recordset.ts";
import type { Sql } from "../database/sql-database.ts";
import { type Datagrams, sessions } from "../schema/session-tables.ts";
import { type SequenceWindow, takeFrom } from "./sequence-window.ts";

export interface SequenceRequest {
  readonly tokenHash: string;
  readonly seq: number;
  readonly attempt: Parameters<SessionStore["takeSequence"]>[2];
}

export type SequenceAnswer = Awaited<ReturnType<SessionStore["takeSequence"]>>;

interface SessionNumbers {
  readonly offset: number;
  readonly window: SequenceWindow | undefined;
  readonly datagrams: Datagrams;
}

type TakenNumbers = SessionNumbers & { readonly window: SequenceWindow };

/** Judges numbers of many sessions in order, and writes what was taken. One call at a time: it reads, then writes. */
export async function takeSequences(db: Sql, requests: readonly SequenceRequest[]): Promise<readonly SequenceAnswer[]> {
  const nowMs = Date.now();
  const known = await loadNumbers(db, new Set(requests.map(({ tokenHash }) => tokenHash)));
  const changed = new Map<string, TakenNumbers>();
  const answers = requests.map(({ tokenHash, seq, attempt }): SequenceAnswer => {
    const numbers = known.get(tokenHash);
    if (!numbers) return { outcome: "no_session" };
    const window = seq < numbers.offset ? undefined : takeFrom(numbers.window, seq, attempt.window);
    if (!window) return judgeTaken(numbers.datagrams[seq], attempt, nowMs);
    const { origin, messageId, repeatMs } = attempt;
    const kept = stillRepeatable(numbers.datagrams, { lowest: window.highest - attempt.window + 1, nowMs });
    const datagrams = { ...kept, [seq]: { origin, messageId, repeatUntilMs: nowMs + repeatMs } };
    const next = { ...numbers, window, datagrams };
    known.set(tokenHash, next);
    changed.set(tokenHash, next);
    return { outcome: "taken", messageId };
  });
  if (changed.size > 0) await saveNumbers(db, changed);
  return answers;
}

function judgeTaken(first: Datagrams[string] | undefined, attempt: { origin: string }, nowMs: number): SequenceAnswer {
  const isSame = first !== undefined && first.origin === attempt.origin && nowMs < first.repeatUntilMs;
  return isSame ? { outcome: "repeated", messageId: first.messageId } : { outcome: "replayed" };
}

function stillRepeatable(datagrams: Datagrams, { lowest, nowMs }: { lowest: number; nowMs: number }): Datagrams {
  const kept = Object.entries(datagrams).filter(
    ([seq, { repeatUntilMs }]) => Number(seq) >= lowest && nowMs < repeatUntilMs,
  );
  return Object.fromEntries(kept);
}

async function loadNumbers(db: Sql, tokenHashes: ReadonlySet<string>): Promise<Map<string, SessionNumbers>> {
  const rows = await db
    .select({
      tokenHash: sessions.tokenHash,
      sealing: sessions.sealing,
      highest: sessions.highestSequence,
      taken: sessions.takenSequences,
      datagrams: sessions.datagrams,
    })
    .from(sessions)
    .where(inArray(sessions.tokenHash, [...tokenHashes]));
  return new Map(
    rows.map(({ tokenHash, sealing, highest, taken, datagrams }) => [
      tokenHash,
      {
        offset: sealing?.seqOffset ?? 0,
        window: highest === null ? undefined : { highest, taken: BigInt(`0x${taken}`) },
        datagrams: datagrams ?? {},
      },
    ]),
  );
}

async function saveNumbers(db: Sql, changed: ReadonlyMap<string, TakenNumbers>): Promise<void> {
  const rows = [...changed].map(([tokenHash, { window, datagrams }]) => ({
    tokenHash,
    highest: window.highest,
    taken: window.taken.toString(16),
    datagrams,
  }));
  const input = recordset(rows, { tokenHash: "text", highest: "bigint", taken: "text", datagrams: "jsonb" });
  await db.execute(
    sql`update ${sessions} s set highest_sequence = input.highest, taken_sequences = input.taken, datagrams = input.datagrams
      from ${input} where s.token_hash = input."tokenHash"`,
  );
}
