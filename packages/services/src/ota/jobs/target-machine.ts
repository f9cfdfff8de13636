/** Where a device stands in a job. */
export const TARGET_STATES = ["queued", "sending", "offered", "updating", "done", "failed", "cancelled"] as const;
export type TargetState = (typeof TARGET_STATES)[number];

/** What may happen to it. */
export const TARGET_EVENTS = [
  /** Its turn came, by the rate of the job. */
  "taken",
  /** What tells it of the firmware is in its mailbox, or is not to be sent. */
  "sent",
  /** It could not be put there. */
  "unsent",
  /** The device asked what there is for it. */
  "asked",
  /** The device told how far it is. */
  "advanced",
  /** The device told that it failed. */
  "gave_up",
  /** The device runs the version of the job: nothing else ends it well. */
  "confirmed",
  /** The state lasted too long. */
  "timed_out",
  /** The operator cancelled the job. */
  "cancelled",
] as const;
export type TargetEvent = (typeof TARGET_EVENTS)[number];

/** `again`: it is queued while the job has an attempt left for it, else it has failed. */
type Next = TargetState | "again";

/**
 * What follows: an event that a state does not name changes nothing. It is the table of docs/services.md, and the one place that knows it.
 */
export const TRANSITIONS: Readonly<Record<TargetState, Readonly<Partial<Record<TargetEvent, Next>>>>> = {
  queued: { taken: "sending", confirmed: "done", cancelled: "cancelled" },
  sending: {
    sent: "offered",
    unsent: "again",
    asked: "offered",
    advanced: "updating",
    gave_up: "again",
    confirmed: "done",
    // Whoever was to send it died: somebody else sends the same once more.
    timed_out: "sending",
    cancelled: "cancelled",
  },
  offered: {
    asked: "offered",
    advanced: "updating",
    gave_up: "again",
    confirmed: "done",
    timed_out: "again",
    cancelled: "cancelled",
  },
  updating: {
    asked: "updating",
    advanced: "updating",
    gave_up: "again",
    confirmed: "done",
    timed_out: "again",
    cancelled: "cancelled",
  },
  done: {},
  // Given up too early: the device made it after all.
  failed: { confirmed: "done" },
  cancelled: {},
};

/** Whether the device still holds a place in the job. */
export const OPEN_STATES = TARGET_STATES.filter((state) => TRANSITIONS[state].cancelled !== undefined);

/**
 * Where a device stands after an event.
 *
 * @param attempts how often its turn came, and how often it may.
 * @returns `undefined` when the event changes nothing.
 */
export function nextState(
  state: TargetState,
  event: TargetEvent,
  attempts: { readonly made: number; readonly most: number },
): TargetState | undefined {
  const next = TRANSITIONS[state][event];
  if (next !== "again") return next;
  return attempts.made < attempts.most ? "queued" : "failed";
}
