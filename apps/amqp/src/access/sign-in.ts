import type { Duplex } from "node:stream";
import type { ByteUnits, UnitFault } from "../wire/byte-units.ts";
import { nextUnit } from "../wire/next-unit.ts";
import type { SignedIn } from "./create-gate.ts";
import { type AccessRefusal, isAccessRefusal, type SignInCode } from "./refuse-access.ts";
import {
  MECHANISMS_FRAME,
  OUTCOME_OK,
  OUTCOMES,
  outcomeFrame,
  type PlainCredentials,
  readPlain,
  SASL_HEADER,
} from "./sasl.ts";

/** Why nobody signed in: a refusal's code, or what went wrong before there were credentials. */
export type NoSignIn = SignInCode | UnitFault | "closed" | "not_sasl" | "not_plain";

/**
 * Has an application sign in by SASL PLAIN (AMQP 1.0, 5.3). Strangers get no further than this: nothing of theirs is read but one
 * header and one frame.
 *
 * @param judge never throws.
 * @param signal ends the wait for a client that says nothing.
 */
export async function signIn(
  { stream, units }: { stream: Duplex; units: ByteUnits },
  judge: (credentials: PlainCredentials) => Promise<SignedIn | AccessRefusal<SignInCode>>,
  signal: AbortSignal,
): Promise<SignedIn | NoSignIn> {
  const header = await nextUnit({ stream, units }, "header", signal);
  if (typeof header === "string") return header;
  stream.write(SASL_HEADER);
  // AMQP 1.0, 2.2: who begins in another way is told by the header what is spoken here.
  if (!header.equals(SASL_HEADER)) return "not_sasl";
  stream.write(MECHANISMS_FRAME);
  const init = await nextUnit({ stream, units }, "frame", signal);
  if (typeof init === "string") return init;
  const credentials = readPlain(init);
  const outcome = credentials ? await judge(credentials) : "not_plain";
  if (!stream.writable) return "closed";
  if (typeof outcome === "object" && !isAccessRefusal(outcome)) {
    stream.write(outcomeFrame(OUTCOME_OK));
    return outcome;
  }
  const code = outcome === "not_plain" ? outcome : (outcome as AccessRefusal<SignInCode>).code;
  stream.write(outcomeFrame(OUTCOMES[code === "not_plain" ? "malformed" : code]));
  return code;
}
