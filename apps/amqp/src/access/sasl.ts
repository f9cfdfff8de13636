import { type Frame, readFrame, SASL_FRAME, SASL_INIT } from "../wire/read-frame.ts";
import type { SignInCode } from "./refuse-access.ts";

/** What begins the layer of security (AMQP 1.0, 5.3.1). */
export const SASL_HEADER = Buffer.from("AMQP\x03\x01\x00\x00", "latin1");

/** `sasl-mechanisms`: PLAIN, and no other. */
export const MECHANISMS_FRAME = saslFrame([
  0x40,
  0xc0,
  0x0b,
  0x01,
  0xe0,
  0x08,
  0x01,
  0xa3,
  0x05,
  ...Buffer.from("PLAIN"),
]);

/** A name and a password, as they came. */
export interface PlainCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * Codes of `sasl-outcome` (AMQP 1.0, 5.3.3.6). What may be otherwise a little later is a system error that passes: a client that is told
 * its credentials are wrong does not try again.
 */
export const OUTCOMES = {
  malformed: 1,
  bad_credentials: 1,
  stale: 1,
  held_up: 4,
  unavailable: 4,
} as const satisfies Record<SignInCode, number>;

export const OUTCOME_OK = 0;

/** `sasl-outcome` with its code. */
export function outcomeFrame(code: number): Buffer {
  return saslFrame([0x44, 0xc0, 0x03, 0x01, 0x50, code]);
}

/** Reads `sasl-init` of PLAIN (AMQP 1.0, 5.3.3.2; RFC 4616). @returns nothing when it is none. */
export function readPlain(bytes: Buffer): PlainCredentials | undefined {
  const frame = readFrame(bytes);
  if (!frame || !isInit(frame)) return undefined;
  const [mechanism, response] = frame.performative.fields;
  if (!isText(mechanism) || mechanism.toString("latin1") !== "PLAIN" || !isText(response)) return undefined;
  const [, username, password, ...more] = response.toString("utf8").split("\0");
  if (username === undefined || password === undefined || more.length > 0) return undefined;
  return { username, password };
}

function isInit(frame: Frame): frame is Required<Frame> {
  return frame.type === SASL_FRAME && frame.performative?.code === SASL_INIT;
}

function isText(value: unknown): value is Buffer {
  return Buffer.isBuffer(value);
}

function saslFrame(performative: readonly number[]): Buffer {
  const frame = Buffer.from([0, 0, 0, 0, 2, SASL_FRAME, 0, 0, 0x00, 0x53, ...performative]);
  frame.writeUInt32BE(frame.length);
  return frame;
}
