import { setTimeout as pause } from "node:timers/promises";
import { JetStreamApiError } from "@nats-io/jetstream";
import type { KvEntry } from "@nats-io/kv";
import { createInTurn } from "@trine/core/messaging";
import type { NatsHandle } from "../connection/nats-handle.ts";
import { decodeGroup, encodeGroup, type GroupState } from "./group-state.ts";

/** The register of consumer groups: one value of the bucket each, changed by compare and set. */
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

// "wrong last sequence": somebody else has changed the value since it was read.
const CONFLICT = 10_071;
const MOST_TRIES = 100;
const LONGEST_PAUSE_MS = 50;

export function createGroupStore({ bucket }: NatsHandle): GroupStore {
  // Within this process they wait for each other, instead of trying in vain.
  const inTurn = createInTurn();

  async function read(key: string): Promise<{ group: GroupState | undefined; revision: number }> {
    const entry = await bucket.get(key);
    return { group: groupIn(entry), revision: entry?.revision ?? 0 };
  }

  /** Tries until nobody else comes between. @param attempt answers `undefined` after a conflict. */
  function untilAlone<T>(name: string, attempt: (key: string) => Promise<{ answer: T }>): Promise<T> {
    const key = keyOf(name);
    return inTurn.run(key, async () => {
      for (let tries = 1; ; tries += 1) {
        try {
          return (await attempt(key)).answer;
        } catch (error) {
          if (!isConflict(error) || tries === MOST_TRIES) throw error;
          await pause(Math.random() * Math.min(LONGEST_PAUSE_MS, 2 ** tries));
        }
      }
    });
  }

  return {
    async list() {
      const keys: string[] = [];
      for await (const key of await bucket.keys()) keys.push(key);
      const groups = await Promise.all(keys.map(async (key) => (await read(key)).group ?? []));
      return groups.flat().toSorted((a, b) => (a.name < b.name ? -1 : 1));
    },
    change: (name, change) =>
      untilAlone(name, async (key) => {
        const { group, revision } = await read(key);
        const { group: changed, answer } = await change(group);
        if (changed && changed !== group) await bucket.put(key, encodeGroup(changed), { previousSeq: revision });
        return { answer };
      }),
    delete: (name) =>
      untilAlone(name, async (key) => {
        const { group, revision } = await read(key);
        if (group) await bucket.delete(key, { previousSeq: revision });
        return { answer: group !== undefined };
      }),
  };
}

/** Keys of a bucket hold letters and digits; a group's name may be anything. */
function keyOf(name: string): string {
  return Buffer.from(`group ${name}`).toString("base64url");
}

function groupIn(entry: KvEntry | null): GroupState | undefined {
  return entry?.operation === "PUT" ? decodeGroup(entry.string()) : undefined;
}

function isConflict(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.code === CONFLICT;
}
