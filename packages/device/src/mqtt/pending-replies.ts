import { DeviceError } from "../device-error.ts";

interface Waiter {
  readonly kind: "puback" | "suback" | "unsuback";
  readonly resolve: (granted: readonly number[]) => void;
  readonly reject: (error: DeviceError) => void;
}

/** The packets of one connection that wait for their answer, by message id. */
export interface PendingReplies {
  /** Takes a free message id and waits for the packet of that kind. `send` writes the request. */
  expect(kind: Waiter["kind"], send: (messageId: number) => void): Promise<readonly number[]>;
  settle(kind: Waiter["kind"], messageId: number | undefined, granted: readonly number[]): void;
  /** Rejects everything that waits. */
  fail(error: DeviceError): void;
}

const MAX_MESSAGE_ID = 65_535;

/** Makes an empty set. */
export function createPendingReplies(): PendingReplies {
  const waiters = new Map<number, Waiter>();
  let last = 0;

  function takeMessageId(): number {
    if (waiters.size >= MAX_MESSAGE_ID) throw new DeviceError("busy", "all message ids are in use");
    do last = (last % MAX_MESSAGE_ID) + 1;
    while (waiters.has(last));
    return last;
  }

  return {
    expect(kind, send) {
      return new Promise((resolve, reject) => {
        const messageId = takeMessageId();
        waiters.set(messageId, { kind, resolve, reject });
        send(messageId);
      });
    },
    settle(kind, messageId = 0, granted) {
      const waiter = waiters.get(messageId);
      if (waiter?.kind !== kind) return;
      waiters.delete(messageId);
      waiter.resolve(granted);
    },
    fail(error) {
      for (const { reject } of waiters.values()) reject(error);
      waiters.clear();
    },
  };
}
