import type { UnitFault } from "../wire/byte-units.ts";
import type { FrameFault } from "../wire/check-frame.ts";
import type { SubscribeCode } from "./refuse-access.ts";

/** Conditions of errors (AMQP 1.0, 2.8.14 to 2.8.16). */
export type Condition =
  | "amqp:unauthorized-access"
  | "amqp:not-allowed"
  | "amqp:resource-limit-exceeded"
  | "amqp:internal-error"
  | "amqp:connection:forced"
  | "amqp:connection:framing-error";

/** An error as it closes a connection or a link. */
export interface WireError {
  readonly condition: Condition;
  /** For whoever wrote the application. */
  readonly description: string;
}

/** What an application is told, by the code of its refusal. */
export const ERRORS = {
  role_too_low: {
    condition: "amqp:unauthorized-access",
    description: "the access key may not read messages: it needs the role operator",
  },
  out_of_scope: {
    condition: "amqp:unauthorized-access",
    description: "the access key is limited to products, and the consumer group sees others",
  },
  name_a_product: {
    condition: "amqp:not-allowed",
    description:
      "the access key reaches several products: bind the group to one of them by a first read over the REST API",
  },
  filter_differs: {
    condition: "amqp:not-allowed",
    description: "the consumer group is bound to another product, or to none: use another group",
  },
  group_full: { condition: "amqp:resource-limit-exceeded", description: "the consumer group has too many clients" },
  key_full: { condition: "amqp:resource-limit-exceeded", description: "the access key has too many connections" },
  access_ended: {
    condition: "amqp:unauthorized-access",
    description: "the access key was revoked, or what it may do has changed",
  },
  // A condition that clients take for a reason to try again.
  unavailable: { condition: "amqp:connection:forced", description: "temporarily unavailable, try again later" },
} as const satisfies Record<SubscribeCode, WireError>;

/** What a client is told of a frame that is not taken. */
export const FRAME_ERRORS = {
  frame_size: { condition: "amqp:connection:framing-error", description: "a frame says a size below eight" },
  frame_too_large: { condition: "amqp:connection:framing-error", description: "a frame is larger than max-frame-size" },
  broken_frame: { condition: "amqp:connection:framing-error", description: "a frame cannot be read" },
  transfer: { condition: "amqp:not-allowed", description: "messages are not taken over AMQP" },
  disposition_range: {
    condition: "amqp:not-allowed",
    description: "a disposition names deliveries that there are not",
  },
} as const satisfies Record<UnitFault | FrameFault, WireError>;
