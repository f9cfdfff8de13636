import type { Clock } from "../../ports/clock.ts";
import type { Accepted } from "../contracts.ts";

/** What the gateway answers by itself. */
export type Reply = NonNullable<Accepted["reply"]>;

/** When a message came in, and the clock for when it is answered. */
export interface ReplyTime {
  readonly receivedAtMs: number;
  readonly clock: Clock;
}
