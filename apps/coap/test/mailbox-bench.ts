import { isRefusal } from "@trine/core/auth";
import { derivePayloadKey, openPayload, sealPayload } from "@trine/core/certificate";
import type { MessageState } from "@trine/core/ports";
import type { DeviceCertificate } from "@trine/core/registry";
import { signCoapLogin } from "@trine/device";
import { createTestPlatform, type TestPlatform, type TestPlatformOptions } from "@trine/testkit/conformance";
import type { Option, ParsedPacket } from "coap-packet";
import { expect } from "vitest";
import type { CoapSettings } from "../src/index.ts";
import { startOn, tokenOf } from "./driver.ts";
import { openRaw, option, type RawClient } from "./raw-client.ts";

/** A device, its application, and two nodes that it may speak to. */
export interface MailboxBench {
  readonly gateway: TestPlatform;
  readonly certificate: DeviceCertificate;
  /** Speaks to the first node's port without, and with, sealed payloads. */
  readonly plain: RawClient;
  readonly sealed: RawClient;
  /** The other node, on both ports. */
  readonly other: { readonly port: number; readonly symmetricPort: number };
  /** Another socket to the first node. */
  open(): Promise<RawClient>;
  /** Sends a message to the device. @returns its id. */
  send(payload: string | Buffer): Promise<string>;
  state(messageId: string): Promise<MessageState | undefined>;
  /** Resolves when a message has this state. */
  reaches(messageId: string, state: MessageState): Promise<void>;
  /** Logs in. @returns the option with the token. */
  logIn(): Promise<Option>;
  /** Logs in with sealed payloads. */
  logInSealed(): Promise<SealedLogin>;
  /** Stops the first node; `stop` copes with that. */
  stopFirst(): Promise<void>;
  stop(): Promise<void>;
}

/** What a device with sealed payloads knows. */
export interface SealedLogin {
  readonly token: Option;
  /** The option with the next number. */
  number(): Option;
  seal(text: string): Buffer;
  open(packet: ParsedPacket): string;
}

/** Starts everything. */
export async function openBench(
  settings: Partial<CoapSettings> = {},
  options: TestPlatformOptions = {},
): Promise<MailboxBench> {
  const gateway = await createTestPlatform(options);
  const certificate = await gateway.addDevice();
  const { productKey, deviceName } = certificate;
  const device = { productKey, deviceName };
  const first = await startOn(gateway.platform, settings);
  const second = await startOn(gateway.platform, settings);
  const clients: RawClient[] = [];
  const openTo = async (port: number) => {
    const client = await openRaw(port);
    clients.push(client);
    return client;
  };
  const [plain, sealed] = [await openTo(first.port), await openTo(first.symmetricPort)];
  const signer = { ...device, deviceSecret: certificate.deviceSecret.reveal() };
  const state = async (messageId: string) => (await gateway.operators.downlink.status(device, messageId))?.state;
  let stopped: Promise<void> | undefined;
  const stopFirst = () => {
    stopped ??= first.adapter.stop();
    return stopped;
  };

  return {
    gateway,
    certificate,
    plain,
    sealed,
    other: second,
    open: () => openTo(first.port),
    async send(payload) {
      const topic = `/${productKey}/${deviceName}/user/get`;
      const message = { topic, payload: Buffer.from(payload as string), qos: 1, ttlMs: 3_600_000 } as const;
      const sent = await gateway.operators.downlink.send(device, message);
      if (isRefusal(sent)) throw new Error(`refused: ${sent.code}`);
      return sent.messageId;
    },
    state,
    async reaches(messageId, expected) {
      await expect.poll(() => state(messageId), { timeout: 5_000, interval: 5 }).toBe(expected);
    },
    async logIn() {
      const answer = await plain.request({ path: "/auth", payload: Buffer.from(signCoapLogin(signer)) });
      return option(2088, tokenOf(answer));
    },
    async logInSealed() {
      const answer = await sealed.request({
        path: "/auth",
        payload: Buffer.from(signCoapLogin(signer, { seq: "39" })),
      });
      const { random, seqOffset } = JSON.parse(answer.payload.toString()) as { random: string; seqOffset: number };
      const key = derivePayloadKey(certificate.deviceSecret, random);
      let seq = seqOffset;
      return {
        token: option(2088, tokenOf(answer)),
        number: () => option(2089, sealPayload(key, Buffer.from(String(seq++)))),
        seal: (text) => sealPayload(key, Buffer.from(text)),
        open: ({ payload }) => String(openPayload(key, payload)),
      };
    },
    stopFirst,
    async stop() {
      await Promise.all(clients.map((client) => client.close()));
      await Promise.all([stopFirst(), second.adapter.stop()]);
      await gateway.stop();
    },
  };
}

/** What an answer says in clear. */
export function jsonOf({ payload }: Pick<ParsedPacket, "payload">): unknown {
  return JSON.parse(payload.toString());
}
