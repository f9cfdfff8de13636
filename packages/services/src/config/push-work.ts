import { isRefusal } from "@trine/core/auth";
import type { ServiceHost } from "../contracts.ts";
import { deviceView } from "./device-view.ts";
import type { ConfigPush, ConfigStore, PushStore } from "./store.ts";

/** A push goes on this often, with as many devices as its rate says. */
export const TURN_MS = 1_000;
/** A device that took the message in its last moment has this long for the link. */
const LINK_MORE_MS = 3_600_000;

type Deps = Pick<ServiceHost, "registry" | "downlink" | "clock" | "signedUrl"> & {
  readonly configs: ConfigStore;
  readonly pushes: PushStore;
};

/**
 * Makes what carries pushes on: of any number of processes one takes a push for a turn, sends it to the next devices in the order of their
 * names and notes how far it is. One that is killed on the way has the same devices sent it again, which their mailboxes take for one message.
 *
 * @returns whether there may be another push to carry on.
 */
export function createPushWork(deps: Deps): (signal: AbortSignal) => Promise<boolean> {
  const { pushes, configs, clock, registry } = deps;
  return async (signal) => {
    const push = await pushes.claim(clock.nowMs(), TURN_MS);
    if (!push) return false;
    const facts = await configs.find(push.productKey, { configId: push.configId });
    const page = { limit: push.ratePerSecond, ...(push.after === undefined ? {} : { cursor: push.after }) };
    // Taken back meanwhile: nobody else is to get it.
    const devices = facts
      ? await registry.listDevices(push.productKey, {}, page)
      : { items: [], nextCursor: undefined };
    if (signal.aborted) return false;
    const payload = facts && payloadOf(deps, push, facts);
    const sent = payload ? await Promise.all(devices.items.map(({ device }) => send(deps, push, device, payload))) : [];
    await pushes.save(after(push, { sent, next: devices.nextCursor, nowMs: clock.nowMs() }));
    return true;
  };
}

function after(
  push: ConfigPush,
  { sent, next, nowMs }: { sent: readonly boolean[]; next: string | undefined; nowMs: number },
): ConfigPush {
  const done = sent.filter(Boolean).length;
  const counted = { ...push, sent: push.sent + done, failed: push.failed + sent.length - done };
  return next === undefined ? { ...counted, finishedAtMs: nowMs } : { ...counted, after: next };
}

function payloadOf(
  deps: Deps,
  { productKey, pushId, ttlMs }: ConfigPush,
  facts: Parameters<typeof deviceView>[2]["facts"],
) {
  const params = deviceView(deps, productKey, { facts, linkMs: ttlMs + LINK_MORE_MS });
  return Buffer.from(JSON.stringify({ id: pushId, version: "1.0", params, method: "thing.config.push" }));
}

async function send(
  { downlink }: Deps,
  { pushId, ttlMs }: ConfigPush,
  device: Device,
  payload: Buffer,
): Promise<boolean> {
  const topic = `/sys/${device.productKey}/${device.deviceName}/thing/config/push`;
  const message = { topic, payload, qos: 1, ttlMs, idempotencyKey: `config-push-${pushId}` } as const;
  return !isRefusal(await downlink.send(device, message));
}

type Device = Parameters<ServiceHost["downlink"]["send"]>[0];
