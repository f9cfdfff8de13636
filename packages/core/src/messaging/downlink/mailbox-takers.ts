import type { MailboxTaker } from "../../ports/mailbox.ts";

/** Who has which mailbox, and what of it is out. For stores whose mailboxes one process alone reads. */
export interface MailboxTakers {
  /** Whether the taker may get messages: nothing is out to another one that still has a right to it. */
  admits(mailbox: string, taker: MailboxTaker, nowMs: number): boolean;
  /** Messages went out to a taker that was admitted. */
  give(
    mailbox: string,
    to: { taker: MailboxTaker; untilMs: number },
    messages: Iterable<{ messageId: string; expiresAtMs: number }>,
  ): void;
  /** A message is not out any more. */
  end(mailbox: string, messageId: string): void;
  /** The taker is gone. */
  letGo(mailbox: string, takerId: string): void;
}

interface Taken {
  readonly taker: MailboxTaker;
  readonly untilMs: number;
  /** When each message that is out expires. */
  readonly out: Map<string, number>;
}

/** Makes the rules of `Mailbox.claim`, with an entry for each mailbox that messages are out of. */
export function createMailboxTakers(): MailboxTakers {
  const mailboxes = new Map<string, Taken>();
  return {
    admits(mailbox, taker, nowMs) {
      const taken = mailboxes.get(mailbox);
      if (!taken || taken.taker.id === taker.id || taken.untilMs <= nowMs) return true;
      if (isNewer(taker, taken.taker)) return true;
      return [...taken.out.values()].every((expiresAtMs) => expiresAtMs <= nowMs);
    },
    give(mailbox, { taker, untilMs }, messages) {
      const before = mailboxes.get(mailbox);
      const out = before?.taker.id === taker.id ? before.out : new Map<string, number>();
      for (const { messageId, expiresAtMs } of messages) out.set(messageId, expiresAtMs);
      mailboxes.set(mailbox, { taker, untilMs, out });
    },
    end(mailbox, messageId) {
      const taken = mailboxes.get(mailbox);
      taken?.out.delete(messageId);
      if (taken?.out.size === 0) mailboxes.delete(mailbox);
    },
    letGo(mailbox, takerId) {
      if (mailboxes.get(mailbox)?.taker.id === takerId) mailboxes.delete(mailbox);
    },
  };
}

/** Epochs of two lines say nothing about each other. */
function isNewer(taker: MailboxTaker, before: MailboxTaker): boolean {
  return taker.line === before.line && (taker.epoch ?? 0) > (before.epoch ?? Number.POSITIVE_INFINITY);
}
