import { derivePayloadKey, openPayload, Secret, sealPayload } from "@trine/core/certificate";
import type { NamedOption, Option } from "coap-packet";
import type { DeviceCertificate } from "../device-certificate.ts";
import { DeviceError } from "../device-error.ts";

// wire-format 5.5.
const TOKEN_OPTION = 2088;
const SEQ_OPTION = 2089;

/** What a device knows after its login. */
export interface CoapSession {
  readonly token: string;
  readonly tokenOption: Option;
  readonly sealing?: { readonly key: Buffer; nextSeq: number };
}

/** Reads the answer to a login (wire-format 5.2). */
export function readSession(payload: Buffer, { deviceSecret }: DeviceCertificate): CoapSession {
  const { token, random, seqOffset } = JSON.parse(payload.toString()) as {
    token: string;
    random?: string;
    seqOffset?: number;
  };
  const tokenOption = { name: TOKEN_OPTION, value: Buffer.from(token) };
  if (random === undefined || seqOffset === undefined) return { token, tokenOption };
  return {
    token,
    tokenOption,
    sealing: { key: derivePayloadKey(new Secret(deviceSecret), random), nextSeq: seqOffset },
  };
}

/** The options that say who asks, with the next sealed number where payloads are sealed (wire-format 5.6). */
export function numberedOptions({ tokenOption, sealing }: CoapSession): (Option | NamedOption)[] {
  if (!sealing) return [tokenOption];
  const seq = sealPayload(sealing.key, Buffer.from(String(sealing.nextSeq)));
  sealing.nextSeq += 1;
  return [tokenOption, { name: SEQ_OPTION, value: seq }];
}

/** A payload as it travels. */
export function seal({ sealing }: CoapSession, clear: Buffer): Buffer {
  return sealing ? sealPayload(sealing.key, clear) : clear;
}

/** A payload as it was meant. @throws DeviceError `unsealed` when it cannot be opened. */
export function unseal({ sealing }: CoapSession, payload: Buffer): Buffer {
  if (!sealing || payload.length === 0) return payload;
  const clear = openPayload(sealing.key, payload);
  if (!clear) throw new DeviceError("unsealed", "the gateway's payload cannot be opened");
  return clear;
}

/** Uri-Path options. */
export function pathOptions(...segments: string[]): NamedOption[] {
  return segments.map((segment) => ({ name: "Uri-Path", value: Buffer.from(segment) }));
}
