import { randomBytes } from "node:crypto";
import type { OperatorSessionRecord, OperatorSessionStore } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { type MakeContract, openContract } from "./contract.ts";
import { atOnce, randomName, upTo } from "./fixtures.ts";

const NOTHING_OVER = { createdBeforeMs: 0, seenBeforeMs: 0 };

/** Every promise of the port `OperatorSessionStore`. */
export function describeOperatorSessionStore(name: string, make: MakeContract<OperatorSessionStore>): void {
  describe(`OperatorSessionStore: ${name}`, () => {
    const open = openContract(make);

    it("gives a session back as it was inserted", async () => {
      const { store, second } = open();
      const session = aSession();
      await store.insert(session, NOTHING_OVER);
      expect(await second.find(session.tokenHash)).toEqual(session);
      expect(await store.find(aSession().tokenHash)).toBeUndefined();
    });

    it("is seen at the latest of several times, and never comes back by it", async () => {
      const { store, second } = open();
      const [session, gone] = [aSession({ seenAtMs: 1_000 }), aSession()];
      await store.insert(session, NOTHING_OVER);
      for (const seenAtMs of [3_000, 2_000]) await second.touch(session.tokenHash, seenAtMs);
      await store.touch(gone.tokenHash, 3_000);
      expect(await store.find(session.tokenHash)).toEqual({ ...session, seenAtMs: 3_000 });
      expect(await store.find(gone.tokenHash)).toBeUndefined();
    });

    it("is removed once, for whoever asks first", async () => {
      const { store, second } = open();
      const session = aSession();
      await store.insert(session, NOTHING_OVER);
      const removed = await atOnce(10, (i) => (i % 2 ? store : second).remove(session.tokenHash));
      expect(removed.filter(Boolean)).toHaveLength(1);
      expect(await second.find(session.tokenHash)).toBeUndefined();
    });

    it("ends with all the others of its key, and with no other", async () => {
      const { store, second } = open();
      const keyId = randomName();
      const [mine, other] = [upTo(3).map(() => aSession({ keyId })), aSession()];
      for (const session of [...mine, other]) await store.insert(session, NOTHING_OVER);
      expect(await second.removeOfKey(keyId)).toBe(3);
      for (const { tokenHash } of mine) expect(await store.find(tokenHash)).toBeUndefined();
      expect(await store.find(other.tokenHash)).toEqual(other);
      expect(await store.removeOfKey(keyId)).toBe(0);
    });

    it("goes when a later one is inserted and it is over by then", async () => {
      const { store, second } = open();
      // Before what other cases insert.
      const old = aSession({ createdAtMs: 100, seenAtMs: 900 });
      const idle = aSession({ createdAtMs: 500, seenAtMs: 600 });
      const lives = aSession({ createdAtMs: 500, seenAtMs: 900 });
      for (const session of [old, idle, lives]) await store.insert(session, NOTHING_OVER);
      await second.insert(aSession(), { createdBeforeMs: 200, seenBeforeMs: 700 });
      expect(await store.find(old.tokenHash)).toBeUndefined();
      expect(await store.find(idle.tokenHash)).toBeUndefined();
      expect(await store.find(lives.tokenHash)).toEqual(lives);
    });
  });
}

function aSession(given: Partial<OperatorSessionRecord> = {}): OperatorSessionRecord {
  return {
    tokenHash: randomBytes(32).toString("hex"),
    keyId: randomName(),
    keyTag: randomBytes(32).toString("hex"),
    createdAtMs: Date.now(),
    seenAtMs: Date.now(),
    peer: "192.0.2.7",
    ...given,
  };
}
