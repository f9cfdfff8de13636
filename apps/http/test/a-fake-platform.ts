import { type Refusal, refuse, type Session } from "@trine/core/auth";
import type { Inbox, SessionHolder } from "@trine/core/messaging";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage } from "@trine/core/ports";
import { expect } from "vitest";

export const MESSAGE_ID = "892687627916247040";

/** The message that waits. */
export const WAITING = {
  messageId: MESSAGE_ID,
  topic: "/pk/dn/user/get",
  payload: Buffer.from([0, 255]),
} as MailboxMessage;

type Fetched = readonly MailboxMessage[] | Refusal;

/** One call of `Inbox.fetch`, which the test answers. */
export interface Fetch {
  readonly sessionId: string;
  readonly limit: number;
  readonly waitMs: number;
  readonly signal: AbortSignal;
  readonly aborted: Promise<void>;
  answer(fetched: Fetched): void;
}

/** A platform whose answers the test gives, and what the adapter did with it. */
export interface FakePlatform {
  readonly platform: Platform;
  readonly fetches: Fetch[];
  /** What becomes of a fetch; by default it gets the message that waits. */
  onFetch: (fetch: Fetch) => void;
  readonly acknowledged: string[];
  /** The first session that let go. */
  readonly letGo: Promise<string>;
  /** What an acknowledgement is answered. */
  waits: boolean | Refusal;
  readonly drops: string[];
  mayServe: boolean;
  holder: SessionHolder | undefined;
}

/** Only what the adapter asks of a platform. A token names its session. */
export function aFakePlatform(): FakePlatform {
  let onLetGo: (sessionId: string) => void;
  const letGo = new Promise<string>((done) => {
    onLetGo = done;
  });
  const inbox: Pick<Inbox, "fetch" | "acknowledge" | "letGo"> = {
    letGo: async ({ sessionId }) => onLetGo(sessionId),
    fetch: ({ sessionId }, request) =>
      new Promise((done) => {
        const aborted = new Promise<void>((end) => request.signal.addEventListener("abort", () => end()));
        // As the inbox does.
        void aborted.then(() => done([]));
        if (request.signal.aborted) done([]);
        const fetch = { ...request, sessionId, aborted, answer: done };
        fake.fetches.push(fetch);
        fake.onFetch(fetch);
      }),
    acknowledge: async (_session, messageId) => {
      fake.acknowledged.push(messageId);
      return fake.waits;
    },
  };
  const sessions = {
    resume: async (token: string) => {
      if (token === "") return refuse("token_missing", "test");
      return token.startsWith("t") ? ({ sessionId: token } as Session) : refuse("token_invalid", "test");
    },
  };
  const recorder = {
    fault: (_where: string, error: unknown) => expect(error).toBeUndefined(),
    dropped: (_transport: string, reason: string) => void fake.drops.push(reason),
  };
  const hold: Platform["hold"] = (given) => {
    fake.holder = given;
    return () => undefined;
  };
  const fake: FakePlatform = {
    platform: { inbox, sessions, recorder, mayServe: () => fake.mayServe, hold } as unknown as Platform,
    fetches: [],
    onFetch: ({ answer }) => answer([WAITING]),
    acknowledged: [],
    letGo,
    waits: true,
    drops: [],
    mayServe: true,
    holder: undefined,
  };
  return fake;
}
