import { type Refusal, refuse } from "../../auth/refusal.ts";
import type { DeviceRef } from "../../certificate/names.ts";
import type { Clock, Timer } from "../../ports/clock.ts";
import type { ControlBus, ControlHandler } from "../../ports/control-bus.ts";
import type { DeviceDirectory } from "../../ports/device-directory.ts";
import type { DeviceLookup } from "../../ports/device-registry.ts";
import type { Mailbox, MailboxLimits } from "../../ports/mailbox.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { Downlink } from "../contracts.ts";
import type { MessageIds } from "../message-id.ts";
import { mayReceive } from "../topics/topic-policy.ts";

/** How long a node may take to say whether it wrote a QoS 0 message. */
const DELIVER_WITHIN_MS = 1_000;

/** As long as a store usually takes to come back, and no longer: the hints of an outage add up. */
const HINTS_AGAIN = 5;
const HINT_AGAIN_MS = 1_000;

interface Deps {
  readonly nodeId: string;
  readonly mailbox: Mailbox;
  readonly lookup: DeviceLookup;
  /** Where `lookup` looks when it remembers nothing. */
  readonly registry: DeviceLookup;
  readonly directory: Pick<DeviceDirectory, "locate" | "reach">;
  readonly bus: Pick<ControlBus, "send" | "notify">;
  /** This node's own part, without the way over the bus. */
  readonly handleHere: ControlHandler;
  readonly messageIds: MessageIds;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly recorder: Recorder;
  readonly limits: MailboxLimits;
  readonly maxPayloadBytes: number;
}

type Message = Parameters<Downlink["send"]>[1];

/** Sends to devices: the mailbox is the truth, and the node that holds the device gets a hint. */
export function createDownlink(deps: Deps): Downlink {
  const { mailbox, clock, messageIds, recorder, limits } = deps;

  async function sendNow(device: DeviceRef, { topic, payload, ttlMs }: Message) {
    const messageId = messageIds.next();
    const createdAtMs = clock.nowMs();
    const state = (await deliver(deps, device, { topic, payload })) ? ("sent" as const) : ("expired" as const);
    await mailbox.note(device, { messageId, topic, qos: 0, state, createdAtMs, expiresAtMs: createdAtMs + ttlMs });
    recorder.downlinkChanged({ state });
    return { messageId, state };
  }

  async function sendByMailbox(device: DeviceRef, { topic, payload, ttlMs, report, idempotencyKey }: Message) {
    const createdAtMs = clock.nowMs();
    const put = await mailbox.put(
      device,
      {
        messageId: messageIds.next(),
        topic,
        payload,
        qos: 1,
        createdAtMs,
        expiresAtMs: createdAtMs + ttlMs,
        ...(report ? { report } : {}),
        ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      },
      limits,
    );
    if (put.outcome === "full") {
      recorder.downlinkChanged({ state: "mailbox_full" });
      return refuse("mailbox_full", "the limits of the mailbox are reached");
    }
    if (put.outcome === "existing") {
      const status = await mailbox.status(device, put.messageId, createdAtMs);
      return { messageId: put.messageId, state: status?.state ?? ("queued" as const) };
    }
    recorder.downlinkChanged({ state: "queued" });
    wake(deps, device);
    return { messageId: put.messageId, state: "queued" as const };
  }

  return {
    async send(device, message) {
      const refusal = await judge(deps, device, message);
      if (refusal) return refusal;
      return message.qos === 0 ? sendNow(device, message) : sendByMailbox(device, message);
    },
    status: (device, messageId) => mailbox.status(device, messageId, clock.nowMs()),
    withdraw: (device, messageId) => mailbox.acknowledge(device, messageId, clock.nowMs()),
  };
}

async function judge(
  { lookup, registry, maxPayloadBytes }: Deps,
  device: DeviceRef,
  { topic, payload }: Message,
): Promise<Refusal | undefined> {
  // A cache may still say "unknown" of a device that was added just now.
  const user = (await lookup.findCredentials(device)) ?? (await registry.findCredentials(device));
  if (!user) return refuse("forbidden_topic", "there is no such device");
  if (!mayReceive(user, topic)) return refuse("forbidden_topic", "not a topic that the device may subscribe to");
  return payload.length > maxPayloadBytes ? refuse("too_large", `${payload.length} bytes`) : undefined;
}

/** Losing the hint costs latency only, so nobody waits for it; one that could not be given is given again a few times, for a store comes back. */
function wake(deps: Deps, device: DeviceRef, left = HINTS_AGAIN): void {
  tellHolder(deps, device).catch((error: unknown) => {
    deps.recorder.fault("wake", error);
    if (left > 0) deps.timer.after(HINT_AGAIN_MS, () => wake(deps, device, left - 1));
  });
}

async function tellHolder({ directory, nodeId, bus, handleHere }: Deps, device: DeviceRef): Promise<void> {
  const command = { kind: "wake", device } as const;
  const nodes = await directory.reach(device);
  await Promise.all(nodes.map((node) => (node === nodeId ? handleHere(command) : bus.notify(node, command))));
}

async function deliver(
  { directory, nodeId, bus, handleHere }: Deps,
  device: DeviceRef,
  { topic, payload }: { topic: string; payload: Buffer },
): Promise<boolean> {
  const location = await directory.locate(device);
  if (!location) return false;
  const command = { kind: "deliver", device, topic, payload: payload.toString("base64") } as const;
  const reply =
    location.nodeId === nodeId
      ? await handleHere(command)
      : await bus.send(location.nodeId, command, DELIVER_WITHIN_MS);
  return reply?.delivered === true;
}
