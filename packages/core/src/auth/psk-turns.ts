import { createRecentKeys } from "../guard/recent-keys.ts";
import type { ChannelProof } from "./channel-proof.ts";
import type { PskKeys } from "./psk-keys.ts";

/** A key for one handshake. */
export interface PskTry {
  readonly key: Buffer;
  /** What the handshake proves when it succeeds. */
  readonly proof: Extract<ChannelProof, { kind: "psk" }>;
  /**
   * The next handshake tries another key. To be called when this one has failed, or at once where nobody hears of that: what does not
   * decrypt is silently dropped over UDP (RFC 6347, 4.1.2.7).
   */
  passTurn(): void;
  /** The handshake has succeeded: this key comes first the next time, though its turn was passed. */
  keepTurn(): void;
}

/** Finds the one key that a handshake can try. */
export interface PskTurns {
  /**
   * @param identity as the other side sent it.
   * @param peer address of the other side: a stranger elsewhere does not change whose turn it is.
   * @returns `undefined` when the text is no identity of a device.
   * @throws when the store cannot answer.
   */
  find(identity: string, peer: string): Promise<PskTry | undefined>;
}

/** Identities whose secret is being rotated, and whose turn is remembered. */
const MAX_TURNS = 10_000;

/** Gives the keys of a device in turn: one that is being rotated has two, and while handshakes do not succeed, each tries the other one. */
export function createPskTurns(pskKeys: PskKeys): PskTurns {
  const turns = createRecentKeys<number>(MAX_TURNS);
  return {
    async find(identity, peer) {
      const found = await pskKeys.find(identity);
      if (!found) return undefined;
      const { device, keys } = found;
      const name = `${peer} ${identity}`;
      const turn = (turns.get(name) ?? 0) % keys.length;
      const { key, secretVersion } = keys[turn] ?? keys[0];
      // With one key there is nothing to take turns with, and a stranger's identities need no room.
      const next = (turn: number) => keys.length > 1 && turns.set(name, turn);
      return {
        key,
        proof: { kind: "psk", device, secretVersion },
        passTurn: () => void next(turn + 1),
        keepTurn: () => void next(turn),
      };
    },
  };
}
