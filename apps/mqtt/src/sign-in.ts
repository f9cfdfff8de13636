import { isRefusal, type Refusal, refuse } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { Subscription } from "@trine/core/ports";
import { createDeviceConnection, type DeviceConnection } from "./device-connection.ts";
import type { ParsedConnect } from "./parse-connect.ts";
import type { MqttSettings } from "./settings.ts";
import type { Wire } from "./wire.ts";

/** Where a device's presence is announced (wire-format 9.3). */
export function statusTopicOf({ productKey, deviceName }: { productKey: string; deviceName: string }): string {
  return `/as/mqtt/status/${productKey}/${deviceName}`;
}

/**
 * Authenticates a CONNECT and makes the connection the device's one connection. A device that left meanwhile is forgotten again.
 *
 * Claim and subscriptions are asked for together, so that the answer waits for one round trip.
 */
export async function signIn(
  { attempt, implicitSubscriptions }: ParsedConnect,
  deps: { platform: Platform; settings: MqttSettings; wire: Wire; lasting: boolean; connectionId: string },
): Promise<DeviceConnection | Refusal> {
  const { platform, wire, lasting, connectionId } = deps;
  const session = await platform.authenticator.authenticate(attempt);
  if (isRefusal(session)) return session;
  const statusTopic = statusTopicOf(session.device);
  const opening = platform.connections.open(session, { connectionId, statusTopic });
  try {
    const [{ epoch }, restored] = await Promise.all([opening, loadSubscriptions(platform, session.device, lasting)]);
    return createDeviceConnection({ ...deps, wire, session, epoch, implicitSubscriptions, restored });
  } catch (error) {
    platform.recorder.fault("sign_in", error);
    const opened = await opening.catch(() => undefined);
    if (opened) await platform.connections.close(session, { epoch: opened.epoch, statusTopic, why: "fault" });
    return refuse("unavailable", "fault");
  }
}

/** With cleanSession=1 an earlier lasting session ends (MQTT-3.1.2-6). */
async function loadSubscriptions(
  { subscriptions }: Platform,
  device: Parameters<Platform["subscriptions"]["load"]>[0],
  lasting: boolean,
): Promise<readonly Subscription[] | undefined> {
  if (lasting) return subscriptions.load(device);
  await subscriptions.clear(device);
  return undefined;
}
