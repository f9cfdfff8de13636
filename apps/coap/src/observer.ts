import { isRefusal, type Refusal, refuse, type Session } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { MailboxMessage } from "@trine/core/ports";
import { bodyResponse, type Downloads, needsBlocks } from "./downloads.ts";
import { jsonBody, messageFields } from "./json-body.ts";
import type { MessageBody } from "./mailbox-route.ts";
import type { Request, Response } from "./message-layer.ts";
import { refusalResponse } from "./refusal-response.ts";
import type { Delivery } from "./retransmitter.ts";
import { TRANSPORT } from "./transport.ts";

/** A device that is told its messages one after the other. */
export interface Observer {
  wasBegunBy(request: Request): boolean;
  /** Whom to tell what became of the rest of a message, when the device still has to fetch it. */
  awaits(messageId: string): ((delivery: Delivery) => void) | undefined;
  /** Ends it with a last word: a response of an error code (RFC 7641 4.2). */
  end(response: Response): void;
  /** Ends it without a word. */
  leave(): void;
}

interface Deps {
  readonly platform: Platform;
  readonly downloads: Downloads<MessageBody>;
  readonly nextNumber: () => Buffer;
  readonly transferMs: number;
}

interface Observation {
  readonly session: Session;
  readonly token: string;
  readonly request: Request;
  readonly onGone: () => void;
}

// RFC 7641 4.5: a device is asked once a day whether it still observes.
const PROBE_AFTER_MS = 86_400_000;

/**
 * Begins an observation of a device's mailbox.
 *
 * One message is on its way at a time, in a CON: its acknowledgement acknowledges the message. A message that needs blocks is
 * acknowledged by the acknowledgement of its last one. A RST, or silence, ends the observation, and the message stays.
 */
export function createObserver(deps: Deps, { session, token, request, onGone }: Observation): Observer {
  const { platform, downloads, nextNumber, transferMs } = deps;
  const { inbox, clock, recorder } = platform;
  const gone = new AbortController();
  let isBusy = false;
  let lookAgain = false;
  let transfer: { readonly messageId: string; readonly end: (delivery: Delivery) => void } | undefined;
  let owed: string | undefined;
  let heardAtMs = clock.monotonicMs();

  const unwatch = inbox.watch(session, {
    look,
    end: (why) => end(refusalResponse(refuse("token_invalid", why))),
  });
  // The answer to the registration goes out first.
  setImmediate(look);

  function leave(): void {
    if (gone.signal.aborted) return;
    gone.abort();
    unwatch();
    onGone();
  }

  function end(response: Response): void {
    if (gone.signal.aborted) return;
    leave();
    void request.notify(response, new AbortController().signal);
  }

  function look(): void {
    lookAgain = true;
    if (!isBusy) void deliverAll();
  }

  async function deliverAll(): Promise<void> {
    isBusy = true;
    try {
      while (lookAgain && !gone.signal.aborted) {
        lookAgain = false;
        while (!gone.signal.aborted && (await deliverNext()));
      }
    } catch (error) {
      recorder.fault("coap_observe", error);
    } finally {
      isBusy = false;
    }
  }

  /** @returns whether there may be more. */
  async function deliverNext(): Promise<boolean> {
    if (!platform.mayServe()) return stop();
    const current = await platform.sessions.resume(token, { transport: TRANSPORT, peer: session.peer });
    if (isRefusal(current)) return refused(current);
    if (owed !== undefined) return acknowledge(current, owed);
    const messages = await inbox.fetch(current, { limit: 1, waitMs: 0, signal: gone.signal });
    if (isRefusal(messages)) return refused(messages);
    const [message] = messages;
    if (!message) return probe(current);
    const delivery = await send(current, message);
    // What is left in the mailbox after a transfer that was not finished is sent again.
    if (delivery === "acknowledged") return acknowledge(current, message.messageId);
    return delivery === "unfinished" || stop();
  }

  async function send(current: Session, message: MailboxMessage): Promise<Delivery | "unfinished"> {
    const { messageId } = message;
    const body = { ...jsonBody(current, messageFields(message)), messageId };
    if (!needsBlocks(body, undefined)) return notify(bodyResponse(body, undefined));
    downloads.keep(current.sessionId, body);
    const rest = awaitRest(messageId);
    const delivery = await notify(bodyResponse(body, undefined));
    return delivery === "acknowledged" ? rest : delivery;
  }

  /** Waits until the device fetched the rest of a message and acknowledged its last block. */
  function awaitRest(messageId: string): Promise<Delivery | "unfinished"> {
    return new Promise((done) => {
      const timer = setTimeout(() => finish("unfinished"), transferMs);
      const finish = (delivery: Delivery | "unfinished") => {
        clearTimeout(timer);
        transfer = undefined;
        done(delivery);
      };
      gone.signal.addEventListener("abort", () => finish("unanswered"), { once: true });
      transfer = { messageId, end: finish };
    });
  }

  async function notify({ options = [], ...response }: Response): Promise<Delivery> {
    const observe = { name: "Observe", value: nextNumber() } as const;
    const delivery = await request.notify({ ...response, options: [observe, ...options] }, gone.signal);
    if (delivery === "acknowledged") heardAtMs = clock.monotonicMs();
    return delivery;
  }

  async function acknowledge(current: Session, messageId: string): Promise<boolean> {
    const outcome = await inbox.acknowledge(current, messageId);
    // The device has it already: it is not to get it twice only because a store is down.
    owed = isRefusal(outcome) ? messageId : undefined;
    return isRefusal(outcome) ? refused(outcome) : true;
  }

  async function probe(current: Session): Promise<boolean> {
    if (clock.monotonicMs() - heardAtMs < PROBE_AFTER_MS) return false;
    const delivery = await notify(bodyResponse(jsonBody(current, {}), undefined));
    return delivery === "acknowledged" ? false : stop();
  }

  function refused(refusal: Refusal): false {
    if (refusal.code !== "unavailable") end(refusalResponse(refusal));
    return false;
  }

  function stop(): false {
    leave();
    return false;
  }

  return {
    wasBegunBy: ({ peer, packet }) =>
      peer.address === request.peer.address &&
      peer.port === request.peer.port &&
      packet.token.equals(request.packet.token),
    awaits: (messageId) => (transfer?.messageId === messageId ? transfer.end : undefined),
    end,
    leave,
  };
}
