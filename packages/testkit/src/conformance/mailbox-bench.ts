import { isRefusal } from "@trine/core/auth";
import type { MessageState } from "@trine/core/ports";
import { expect } from "vitest";
import type { DeviceSession } from "./adapter-driver.ts";
import { type Bench, downTopic, loggedIn } from "./bench.ts";

const HOUR_MS = 3_600_000;
/** More than a message may take; a test that fails waits this long. */
const SOON_MS = 5_000;

/** A device of its own, and the application that sends to it. */
export interface MailboxBench {
  readonly topic: string;
  /** @returns the message's id, or the refusal's code. */
  send(text: string, ttlMs?: number): Promise<string>;
  state(messageId: string): Promise<MessageState | undefined>;
  /** Resolves when the message has this state. */
  reaches(messageId: string, state: MessageState): Promise<void>;
  /** Logs in, and is ready for messages. */
  contact(): Promise<DeviceSession>;
  /** Resolves when the gateway knows that the device waits for a message. */
  isWaitedFor(): Promise<void>;
  /** Disables the device; resolves when that holds. */
  disable(): Promise<void>;
}

/** Adds a device. */
export async function openMailbox({ gateway, adapter }: Bench): Promise<MailboxBench> {
  const { operators, ports, platform, actor } = gateway;
  const certificate = await gateway.addDevice();
  const { productKey, deviceName } = certificate;
  const device = { productKey, deviceName };
  const topic = downTopic(device);
  const state = async (messageId: string) => (await operators.downlink.status(device, messageId))?.state;
  return {
    topic,
    async send(text, ttlMs = HOUR_MS) {
      const sent = await operators.downlink.send(device, { topic, payload: Buffer.from(text), qos: 1, ttlMs });
      return isRefusal(sent) ? sent.code : sent.messageId;
    },
    state,
    async reaches(messageId, expected) {
      await expect.poll(() => state(messageId), { timeout: SOON_MS, interval: 5 }).toBe(expected);
    },
    async contact() {
      const session = await loggedIn(adapter, certificate);
      await session.listen(topic);
      return session;
    },
    async isWaitedFor() {
      const nodes = () => ports.directory.reach(device);
      await expect.poll(nodes, { timeout: SOON_MS, interval: 5 }).toContain(platform.nodeId);
    },
    async disable() {
      await operators.devices.disable(actor, certificate);
    },
  };
}

/** Takes the next message. @throws when there is none. */
export async function receiveSoon(session: DeviceSession) {
  const message = await session.receive(SOON_MS);
  if (!message) throw new Error("no message came");
  return message;
}
