import { setTimeout as pause } from "node:timers/promises";
import { JetStreamApiError } from "@nats-io/jetstream";
import { createInTurn } from "@trine/core/messaging";
import type { NatsHandle } from "../connection/nats-handle.ts";
import { GROUPS_STREAM, GROUPS_SUBJECTS, groupSubjectOf } from "../connection/uplink-stream.ts";
import { decodeGroup, encodeGroup, type GroupState } from "./group-state.ts";

/** The register of consumer groups: one message each, the newest of its subject, changed by compare and set. */
export interface GroupStore {
  list(): Promise<GroupState[]>;
  /**
   * Changes a group; runs `change` again when another process was faster.
   *
   * @param change gets the group, or nothing when there is none, and answers what becomes of it: the same object leaves it alone.
   */
  change<T>(name: string, change: Change<T>): Promise<T>;
  /** @returns false when there is none. */
  delete(name: string): Promise<boolean>;
}

type Change<T> = (
  group: GroupState | undefined,
) => Promise<{ readonly group: GroupState | undefined; readonly answer: T }>;

/** A group as it was read. `revision` is its place in the stream; 0 when nothing was ever written. */
interface Known {
  readonly group: GroupState | undefined;
  readonly revision: number;
}

// What the server answers when another change came first: the sequence is another one, or the same base is being changed right now.
const CONFLICTS: readonly number[] = [10_071, 10_158, 10_164];
const MOST_TRIES = 100;
const LONGEST_PAUSE_MS = 50;

export function createGroupStore({ jetstream, manager }: NatsHandle): GroupStore {
  // Within this process they wait for each other, instead of trying in vain.
  const inTurn = createInTurn();

  /** From the leader of the stream. */
  async function read(subject: string): Promise<Known> {
    const stored = await manager.streams.getMessage(GROUPS_STREAM, { last_by_subj: subject });
    if (!stored) return { group: undefined, revision: 0 };
    const text = stored.string();
    return { group: text === "" ? undefined : decodeGroup(text), revision: stored.seq };
  }

  /**
   * Writes over what was read, if that is still the newest. A cluster of nats-server before 2.11 compares sequences before it agrees on the
   * order of writes, and may let two of them through (nats-io/nats-server#4320); ids it compares in that order. So the id names the base.
   *
   * @returns false when another process was faster.
   */
  async function write(subject: string, text: string, revision: number): Promise<boolean> {
    try {
      const { duplicate } = await jetstream.publish(subject, text, {
        msgID: `${subject} ${revision}`,
        expect: { streamName: GROUPS_STREAM, lastSubjectSequence: revision },
      });
      return !duplicate;
    } catch (error) {
      if (error instanceof JetStreamApiError && CONFLICTS.includes(error.code)) return false;
      throw error;
    }
  }

  /** Changes what stands under a subject, until nobody else comes between. @param change answers what to write, if anything. */
  function change<T>(name: string, next: (known: Known) => Promise<{ text?: string; answer: T }>): Promise<T> {
    const subject = groupSubjectOf(name);
    return inTurn.run(subject, async () => {
      for (let tries = 1; tries <= MOST_TRIES; tries += 1) {
        const known = await read(subject);
        const { text, answer } = await next(known);
        if (text === undefined || (await write(subject, text, known.revision))) return answer;
        await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** tries));
      }
      throw new Error("the group is changed by others all the time");
    });
  }

  return {
    async list() {
      const { state } = await manager.streams.info(GROUPS_STREAM, { subjects_filter: GROUPS_SUBJECTS });
      const known = await Promise.all(Object.keys(state.subjects ?? {}).map(read));
      return known.flatMap(({ group }) => group ?? []).toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    change: (name, work) =>
      change(name, async ({ group }) => {
        const { group: changed, answer } = await work(group);
        return changed && changed !== group ? { text: encodeGroup(changed), answer } : { answer };
      }),
    delete: (name) => change(name, async ({ group }) => (group ? { text: "", answer: true } : { answer: false })),
  };
}
