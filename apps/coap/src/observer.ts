import { setTimeout as pause } from "node:timers/promises";
import { isRefusal, type Refusal, refuse, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage } from "@trine/core/ports";
import { bodyResponse, type Downloads, needsBlocks } from "./downloads.ts";
import { type MessageBody, messageBody } from "./json-body.ts";
import type { Request, Response } from "./message-layer.ts";
import { peerKey } from "./peer.ts";
import { refusalResponse } from "./refusal-response.ts";
import type { Delivery } from "./retransmitter.ts";

/** A device that is told its messages one after the other. */
export interface Observer {
  readonly session: Session;
  wasBegunBy(request: Request): boolean;
  /** Whom to tell what became of the rest of a message, when the device still has to fetch it. */
  awaits(messageId: string): ((delivery: Delivery) => void) | undefined;
  /** Ends it with a last word: a response of an error code (RFC 7641 4.2), said as soon as this node may serve. */
  end(response: Response): void;
  /** Ends it without a word. Resolves when its messages may go to another taker; a successor of the same session takes them as they are. */
  leave(successor?: Session): Promise<void>;
}

interface Deps {
  readonly platform: Platform;
  readonly downloads: Downloads<MessageBody>;
  readonly nextNumber: () => Buffer;
  readonly transferMs: number;
  readonly retryMs: number;
}

interface Observation {
  readonly session: Session;
  readonly token: string;
  readonly request: Request;
  /** What has to be over before the first message is taken. */
  readonly after: Promise<void> | undefined;
  readonly onGone: () => void;
}

/** After some minutes a device has looked for another node by itself. */
const MOST_TRIES = 300;

// RFC 7641 4.5: a device that is told nothing is asked once a day whether it still observes.
const PROBE_AFTER_MS = 86_400_000;

/**
 * Begins an observation of a device's mailbox.
 *
 * One message is on its way at a time, in a CON: its acknowledgement acknowledges the message. A message that needs blocks is
 * acknowledged by the acknowledgement of its last one. A RST, or silence, ends the observation, and the message stays.
 */
export function createObserver(deps: Deps, { session, token, request, after, onGone }: Observation): Observer {
  const { platform, downloads, nextNumber, transferMs, retryMs } = deps;
  const { inbox, recorder } = platform;
  const gone = new AbortController();
  const { signal } = gone;
  /** The session has taken a message that it did not acknowledge. */
  let isOut = false;
  let isContinued = false;
  let transfer: { readonly messageId: string; readonly end: (delivery: Delivery) => void } | undefined;
  let owed: string | undefined;

  // Nothing can be told to a DTLS session that has ended.
  const ended = request.peer.secured?.ended;
  ended?.addEventListener("abort", () => void leave(), { once: true, signal });
  // The answer to the registration goes out first.
  setImmediate(() => void (ended?.aborted ? leave() : run()));

  async function run(): Promise<void> {
    try {
      await after;
      while (!signal.aborted) await next();
    } catch (error) {
      recorder.fault("coap_observe", error);
      await leave();
    }
  }

  async function next(): Promise<void> {
    const found = owed === undefined ? await inbox.fetch(session, { limit: 1, waitMs: PROBE_AFTER_MS, signal }) : [];
    if (isRefusal(found)) return refused(found);
    isOut ||= found.length > 0;
    if (signal.aborted) return release();
    // From here on a revocation ends it at once; one that was faster is noticed by the token.
    const unwatch = inbox.watch(session, { look: ignore, end: endedBy });
    try {
      const current = await platform.sessions.resume(token, { transport: session.transport, peer: session.peer });
      if (isRefusal(current)) await refused(current);
      else if (!signal.aborted) await deliver(current, found[0]);
    } finally {
      unwatch();
    }
  }

  /** Without a message, a device that lost interest is noticed. */
  async function deliver(current: Session, message: MailboxMessage | undefined): Promise<void> {
    if (owed !== undefined) return acknowledge(current, owed);
    const delivery = await send(current, message);
    if (delivery === "acknowledged" && message) await acknowledge(current, message.messageId);
    else if (delivery === "rejected") await leave();
    // By now the lease of what is out is over, or the device may be taking it elsewhere.
    else if (delivery === "unanswered") await leave(session);
  }

  /** @returns `unfinished` when the device did not fetch all of it in time: it is still in the mailbox, and sent again. */
  async function send(current: Session, message: MailboxMessage | undefined): Promise<Delivery | "unfinished"> {
    const body = messageBody(current, message);
    if (!message || !needsBlocks(body, undefined)) return notify(bodyResponse(body, undefined));
    downloads.keep(current.sessionId, body);
    const rest = awaitRest(message.messageId);
    const delivery = await notify(bodyResponse(body, undefined));
    if (delivery === "acknowledged") return rest.outcome;
    rest.cancel();
    return delivery;
  }

  /** Waits until the device fetched the rest of a message and acknowledged its last block. */
  function awaitRest(messageId: string): { outcome: Promise<Delivery | "unfinished">; cancel(): void } {
    let finish: (delivery: Delivery | "unfinished") => void = ignore;
    const outcome = new Promise<Delivery | "unfinished">((done) => {
      const timer = setTimeout(() => finish("unfinished"), transferMs);
      finish = (delivery) => {
        clearTimeout(timer);
        signal.removeEventListener("abort", cancel);
        transfer = undefined;
        done(delivery);
      };
    });
    const cancel = () => finish("unanswered");
    signal.addEventListener("abort", cancel, { once: true });
    transfer = { messageId, end: finish };
    return { outcome, cancel };
  }

  function notify({ options = [], ...response }: Response): Promise<Delivery> {
    const observe = { name: "Observe", value: nextNumber() } as const;
    return request.notify({ ...response, options: [observe, ...options] }, signal);
  }

  async function acknowledge(current: Session, messageId: string): Promise<void> {
    const outcome = await inbox.acknowledge(current, messageId);
    // The device has it already: it is not to get it twice only because a store is down.
    owed = isRefusal(outcome) ? messageId : undefined;
    isOut = owed !== undefined;
    if (isRefusal(outcome)) await refused(outcome);
  }

  async function refused(refusal: Refusal): Promise<void> {
    if (signal.aborted) return;
    if (!platform.mayServe() || refusal.code !== "unavailable") end(refusalResponse(refusal));
    else await pause(retryMs, undefined, { signal }).catch(ignore);
  }

  function endedBy(why: string): void {
    end(refusalResponse(why === "revoked" ? refuse("token_invalid", why) : refuse("unavailable", why)));
  }

  function end(response: Response): void {
    if (signal.aborted) return;
    void leave();
    void sayLast(response);
  }

  /** There is no connection whose end would tell the device. So a node that must be silent now says it when it may speak again. */
  async function sayLast(response: Response): Promise<void> {
    for (let tries = 0; !platform.mayServe(); tries += 1) {
      if (tries === MOST_TRIES) return;
      await pause(retryMs, undefined, { ref: false });
    }
    await request.notify(response, new AbortController().signal).catch((error: unknown) => {
      recorder.fault("coap_observe", error);
    });
  }

  async function leave(successor?: Session): Promise<void> {
    if (signal.aborted) return;
    isContinued = successor?.sessionId === session.sessionId;
    gone.abort();
    onGone();
    await release();
  }

  async function release(): Promise<void> {
    if (!isOut || isContinued) return;
    isOut = false;
    await inbox.letGo(session);
  }

  return {
    session,
    wasBegunBy: ({ peer, packet }) =>
      peerKey(peer) === peerKey(request.peer) && packet.token.equals(request.packet.token),
    awaits: (messageId) => (transfer?.messageId === messageId ? transfer.end : undefined),
    end,
    leave,
  };
}

function ignore(): void {}
