import type { Duplex } from "node:stream";
import type { Recorder } from "@trine/core/ports";
import type { Inbound } from "@trine/ingress";
import type { Gate } from "./access/create-gate.ts";
import { signIn } from "./access/sign-in.ts";
import { type ServeDeps, serve } from "./serve.ts";
import { TRANSPORT } from "./transport.ts";
import { createByteUnits } from "./wire/byte-units.ts";
import { hangUp } from "./wire/hang-up.ts";

/** What accepting a connection stands on. */
export interface AcceptDeps extends ServeDeps {
  readonly gate: Gate;
  readonly recorder: Recorder;
  /** Time to sign in, in milliseconds. */
  readonly signInMs: number;
}

/** The largest frame of a stranger: a username and a password, with room to spare. */
const STRANGER_FRAME_BYTES = 4_096;

/** Serves one connection of an application, from its first byte to its end. Never throws. */
export async function accept({ stream, peer }: Inbound, deps: AcceptDeps): Promise<void> {
  const { recorder } = deps;
  stream.on("error", () => undefined);
  recorder.connectionOpened(TRANSPORT);
  const why = await converse({ stream, peer }, deps).catch((error: unknown) => {
    recorder.fault("amqp", error);
    return "fault";
  });
  hangUp(stream);
  await closed(stream);
  recorder.connectionClosed(TRANSPORT, why);
}

/** @returns why it ended. */
async function converse({ stream, peer }: { stream: Duplex; peer: string }, deps: AcceptDeps): Promise<string> {
  const units = createByteUnits(STRANGER_FRAME_BYTES);
  const late = AbortSignal.timeout(deps.signInMs);
  const who = await signIn({ stream, units }, (credentials) => deps.gate.judge(credentials, peer), late);
  if (typeof who === "object") return serve({ stream, units, peer, who }, deps);
  return who === "closed" && late.aborted ? "late" : who;
}

/** `once` of node:events would reject when the other side resets the connection. */
function closed(stream: Duplex): Promise<void> {
  return new Promise((done) => (stream.closed ? done() : stream.once("close", () => done())));
}
