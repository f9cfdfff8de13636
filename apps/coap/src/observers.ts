import { refuse, type Session } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { Downloads } from "./downloads.ts";
import type { MessageBody } from "./json-body.ts";
import type { Request } from "./message-layer.ts";
import { createObserveNumbers } from "./observe-numbers.ts";
import { createObserver, type Observer } from "./observer.ts";
import { refusalResponse } from "./refusal-response.ts";
import type { Delivery } from "./retransmitter.ts";

/** The devices that observe their mailboxes here (RFC 7641), one observation each. */
export interface Observers {
  /**
   * Begins an observation. The newest of a device takes the place of an older one: behind a NAT it comes from another port.
   *
   * @returns the value of the Observe option of the answer; nothing when there is no place for one more.
   */
  add(session: Session, by: { request: Request; token: string }): Buffer | undefined;
  /** Ends the observation that was begun by a request with this one's token, from the same place. */
  remove(device: DeviceRef, request: Request): void;
  /** Tells the device's observer that it need not wait for the rest of a message any more. */
  settle(device: DeviceRef, messageId: string): void;
  /** Whom to tell what became of the last block of a message, when the device's observer waits for it. */
  awaitedBy(device: DeviceRef, messageId: string): ((delivery: Delivery) => void) | undefined;
  /** Ends all: their devices are to observe again, at another node maybe. They are told as soon as this node may serve. */
  endAll(): void;
}

/**
 * Makes an empty set of observers.
 *
 * @param limits.max observers at once.
 * @param limits.transferMs how long a device may take to fetch the rest of a message that did not fit its notification.
 * @param limits.retryMs after which a store that could not answer is asked again.
 */
export function createObservers(
  deps: { platform: Platform; downloads: Downloads<MessageBody> },
  { max, ...limits }: { max: number; transferMs: number; retryMs: number },
): Observers {
  const observers = new Map<string, Observer>();
  const nextNumber = createObserveNumbers(deps.platform.clock);

  return {
    add(session, { request, token }) {
      const key = deviceKey(session.device);
      const before = observers.get(key);
      if (!before && observers.size >= max) {
        deps.platform.recorder.dropped(session.transport, "too_many_observers");
        return undefined;
      }
      const after = before?.leave(session);
      const number = nextNumber();
      let observer: Observer | undefined;
      observer = createObserver(
        { ...deps, ...limits, nextNumber },
        {
          session,
          request,
          token,
          after,
          onGone: () => {
            if (observer && observers.get(key) === observer) observers.delete(key);
          },
        },
      );
      observers.set(key, observer);
      return number;
    },
    remove(device, request) {
      const observer = observers.get(deviceKey(device));
      if (observer?.wasBegunBy(request)) void observer.leave();
    },
    settle: (device, messageId) => observers.get(deviceKey(device))?.awaits(messageId)?.("acknowledged"),
    awaitedBy: (device, messageId) => observers.get(deviceKey(device))?.awaits(messageId),
    endAll() {
      const refusal = refusalResponse(refuse("unavailable", "this node serves nobody"));
      for (const observer of [...observers.values()]) observer.end(refusal);
    },
  };
}
