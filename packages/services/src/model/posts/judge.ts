import type { KnownModel } from "../known-model.ts";
import type { Posted } from "./posted.ts";
import { isTooLarge } from "./value-size.ts";

/** What is wrong with a value, as the device and applications hear it. */
export interface Wrong extends Posted {
  /** 6304 where the model has no such property or event, 460 where it does not allow the value (wire-format 8.1). */
  readonly code: 460 | 6304;
  readonly message: string;
}

/** Values after they were judged. */
export interface Judged {
  /** What goes on to applications, in the order of the message. */
  readonly kept: readonly Posted[];
  /** What the model does not allow; unless it is enforced these are among the kept ones as well. */
  readonly wrong: readonly Wrong[];
}

type Kind = "properties" | "events";

/** Judges values by the model of the product and what the product says of those that it does not allow (wire-format 8.1). */
export function judge(posted: readonly Posted[], kind: Kind, known: KnownModel): Judged {
  const kept: Posted[] = [];
  const wrong: Wrong[] = [];
  for (const one of posted) {
    const fault = faultOf(one, kind, known);
    // What is nested deeper than the stack cannot be told on.
    if (fault) wrong.push({ ...one, ...(fault.isHard ? { value: undefined } : {}), ...fault });
    if (!fault || (known.validate !== "enforce" && !fault.isHard)) kept.push(one);
  }
  return { kept, wrong };
}

interface Fault extends Pick<Wrong, "code" | "message"> {
  /** Such a value is not kept, whatever the product says. */
  readonly isHard?: true;
}

function faultOf({ identifier, value }: Posted, kind: Kind, { model, validate }: KnownModel): Fault | undefined {
  if (isTooLarge(value)) return { code: 460, message: "the value is too large or too deep", isHard: true };
  if (validate === "off") return undefined;
  const part = model?.[kind].get(identifier);
  if (!part) return { code: 6304, message: "not in the thing model" };
  const message = part.check(value);
  return message === undefined ? undefined : { code: 460, message };
}
