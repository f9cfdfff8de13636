import { isRefusal, isX509Attempt, type Refusal, refuse, type Session } from "@trine/core/auth";
import type { DeviceRef } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type { Subscription } from "@trine/core/ports";
import type { Carrier } from "./carrier.ts";
import { type ConnectionTable, isRevoked } from "./connection-table.ts";
import { DeviceConnection } from "./device-connection.ts";
import type { ParsedConnect } from "./parse-connect.ts";
import type { PendingLogin } from "./pending-login.ts";
import type { MqttSettings } from "./settings.ts";

interface Deps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly table: ConnectionTable;
  readonly link: Carrier;
  /** cleanSession=0, and whether the answer can say that a session goes on. */
  readonly request: { readonly lasting: boolean; readonly isOld: boolean };
  /** The device whose connection this one is to live on, if it is not its own. */
  readonly host?: DeviceConnection;
}

/**
 * Authenticates a login and makes the connection the device's one connection, before the login is answered. A device that left, was
 * revoked or connected again meanwhile is given up.
 */
export async function signIn(connect: ParsedConnect, deps: Deps): Promise<DeviceConnection | Refusal> {
  const { platform, table, link } = deps;
  const login = table.expect(connect.attempt.device);
  let answer: (() => void) | undefined;
  const answered = new Promise<void>((done) => {
    answer = done;
  });
  try {
    const session = await platform.authenticator.authenticate({
      ...connect.attempt,
      isGone: () => link.isGone,
      answered,
    });
    if (isRefusal(session)) return session;
    table.name(login, session.device);
    // Nobody is there any more to be answered.
    if (link.isGone) return refuse("unavailable", "the device left");
    const connection = await open(session, connect, deps);
    return isRefusal(connection) ? connection : await admit(connection, login, deps);
  } finally {
    table.giveUp(login);
    answer?.();
  }
}

/** Ends what `signIn` began. */
export async function signOff(connection: DeviceConnection, { connections }: Platform): Promise<void> {
  const { session, connectionId, epoch, link } = connection;
  await connections.close(session, { connectionId, epoch, statusTopic: statusTopicOf(session.device), why: link.why });
}

/**
 * Claim and subscriptions are asked for together, so that the answer waits for one round trip. Not where the newer of several devices is
 * refused: a login that is refused leaves what the device subscribed to before.
 */
async function open(session: Session, connect: ParsedConnect, deps: Deps): Promise<DeviceConnection | Refusal> {
  const { platform, link, request } = deps;
  const statusTopic = statusTopicOf(session.device);
  const connectionId = `${platform.nodeId}-${link.id}`;
  const opening = platform.connections.open(session, { connectionId, statusTopic });
  const load = () => loadSubscriptions(platform, session.device, request.lasting);
  const loading =
    session.product.policy.onClone === "refuse_newer"
      ? opening.then((outcome) => (isRefusal(outcome) ? undefined : load()))
      : load();
  const [opened, loaded] = await Promise.allSettled([opening, loading]);
  for (const each of [opened, loaded]) if (each.status === "rejected") platform.recorder.fault("sign_in", each.reason);
  if (opened.status === "rejected") return refuse("unavailable", "the claim failed");
  if (isRefusal(opened.value)) return opened.value;
  const { epoch } = opened.value;
  if (loaded.status === "rejected") {
    await platform.connections.close(session, { connectionId, epoch, statusTopic, why: "unavailable" });
    return refuse("unavailable", "the subscriptions could not be read");
  }
  const filters = (loaded.value ?? []).map(({ filter }) => filter);
  const { implicitSubscriptions } = connect;
  return new DeviceConnection({
    ...deps,
    tellsIdentity: isX509Attempt(connect.attempt),
    session,
    connectionId,
    epoch,
    lasting: request.lasting,
    sessionPresent: loaded.value !== undefined && !request.isOld,
    filters,
    implicitSubscriptions,
  });
}

async function admit(
  connection: DeviceConnection,
  login: PendingLogin,
  { table, link, platform }: Deps,
): Promise<DeviceConnection | Refusal> {
  if (!link.isGone && table.admit(login, connection)) return connection;
  link.blame(isRevoked(login, connection) ? "revoked" : link.isGone ? link.why : "taken_over");
  await signOff(connection, platform);
  return refuse("unavailable", "the device left, was revoked or connected again meanwhile");
}

/** With cleanSession=1 an earlier lasting session ends (MQTT-3.1.2-6). */
async function loadSubscriptions(
  { subscriptions }: Platform,
  device: DeviceRef,
  lasting: boolean,
): Promise<readonly Subscription[] | undefined> {
  if (lasting) return subscriptions.load(device);
  await subscriptions.clear(device);
  return undefined;
}

/** Where a device's presence is announced (wire-format 9.3). */
function statusTopicOf({ productKey, deviceName }: DeviceRef): string {
  return `/as/mqtt/status/${productKey}/${deviceName}`;
}
