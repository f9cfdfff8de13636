import { isRefusal, type Refusal, type RefusalCode, type RegistrationRequest, refuse } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import type { AedesOptions, Client } from "aedes";
import { CarriedDevices } from "./carried-devices.ts";
import { CONNACK_CODES } from "./connack.ts";
import type { ConnectionTable } from "./connection-table.ts";
import type { DeviceConnection } from "./device-connection.ts";
import { SESSION_MARK } from "./engine-persistence.ts";
import { type ConnectRequest, judgeConnect } from "./judge-connect.ts";
import type { Link } from "./link.ts";
import type { Links } from "./links.ts";
import type { PendingWork } from "./pending-work.ts";
import type { MqttSettings } from "./settings.ts";
import { signIn } from "./sign-in.ts";
import { TRANSPORT } from "./transport.ts";

export interface EngineDeps {
  readonly platform: Platform;
  readonly settings: MqttSettings;
  readonly table: ConnectionTable;
  readonly links: Links;
  readonly work: PendingWork;
}

/** A CONNACK cannot say when to come again: it is late instead, and each by another time, so that not all devices come again at once. */
const LATEST_ANSWER_MS = 3_000;

type Hooks = Required<Pick<AedesOptions, "preConnect" | "authenticate" | "authorizePublish" | "authorizeSubscribe">>;

/**
 * Where the engine asks.
 *
 * Each connection gets an engine id of its own, so that the engine never takes one over by itself. To the engine every session is a
 * lasting one without content: so it asks before it answers an UNSUBSCRIBE, and lets its CONNACK say what is true here.
 */
export function createEngineHooks(deps: EngineDeps): Hooks {
  const { settings, links, work, platform } = deps;
  const { recorder } = platform;
  const requests = new WeakMap<Client, ConnectRequest>();

  return {
    preConnect(client, connect, done) {
      const link = links.of(client);
      if (!link) return done(new Error("not a connection of this engine"), false);
      requests.set(client, judgeConnect(connect, link.inbound, settings));
      connect.clientId = link.id;
      connect.clean = false;
      // Accepted and never delivered (wire-format 2.6).
      delete connect.will;
      done(null, true);
    },

    authenticate(client, _username, _password, done) {
      const answer = logIn(deps, client, requests.get(client)).catch((error: unknown) => {
        recorder.fault("connect", error);
        return refuse("unavailable", "fault");
      });
      requests.delete(client);
      work.track(
        "connect",
        answer.then((refusal) => (refusal ? done(refusalError(refusal.code), null) : done(null, true))),
      );
    },

    // The engine acknowledges when its callback is called, and only then.
    authorizePublish(client, { topic, payload, qos, messageId }, done) {
      // MQTT 3.1.1, 1.5.3 and 2.3.1: the connection must end.
      if (isIllFormed(topic) || (qos > 0 && !messageId)) return done(new Error("malformed PUBLISH"));
      const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload);
      const link = client ? links.of(client) : undefined;
      // A device that registered itself was not logged in by that (wire-format 3.6).
      if (link?.isRegistration) return link.cut("registration_only");
      const message = { topic, payload: bytes, qos: qos === 0 ? 0 : 1 } as const;
      if (link?.carried) link.carried.take(message, () => done());
      else link?.connection?.publishes.take(message, () => done());
    },

    authorizeSubscribe(client, subscription, done) {
      const link = links.of(client);
      if (!link?.connection || subscription === SESSION_MARK) return done(null, null);
      if (isIllFormed(subscription.topic)) return link.cut("protocol_error");
      const answer = subscribe(link, link.connection, subscription).then((outcome) => {
        if (outcome !== "granted") recorder.dropped(TRANSPORT, outcome);
        done(null, outcome === "granted" ? subscription : null);
      });
      answer.catch((error: unknown) => {
        recorder.fault("subscribe", error);
        link.cut("unavailable");
      });
    },
  };
}

/** At once where that can be decided at once: an UNSUBSCRIBE may follow on its heels. */
function subscribe({ carried }: Link, own: DeviceConnection, { topic, qos }: { topic: string; qos: number }) {
  const granted = qos === 0 ? 0 : 1;
  const owner = carried ? carried.ownerOf(topic) : own;
  return owner instanceof Promise
    ? owner.then((connection) => connection.subscribe(topic, granted))
    : owner.subscribe(topic, granted);
}

/** @returns the refusal, or nothing when the device is in. */
async function logIn(
  { links, platform, settings, table, work }: EngineDeps,
  client: Client,
  request: ConnectRequest | undefined,
): Promise<Refusal | undefined> {
  const link = links.of(client);
  if (!link || !request) throw new Error("a login without its connection");
  const { connect } = request;
  if (isRefusal(connect)) {
    platform.recorder.dropped(TRANSPORT, `login_${connect.code}`);
    return connect;
  }
  if ("wants" in connect) return register(platform, link, connect);
  const connection = await signIn(connect, { platform, settings, table, link, request });
  if (isRefusal(connection)) return late(link, connection);
  link.connection = connection;
  if (connection.session.product.nodeType === "gateway")
    link.carried = new CarriedDevices({
      platform,
      settings,
      table,
      work,
      link,
      isPrivate: link.inbound.security === "tls" || settings.TRINE_REGISTRATION_IN_CLEAR !== "off",
      connection,
    });
  link.stream.on("drain", () => connection.window.drained());
  return undefined;
}

/** @returns the refusal, or nothing when the device is to be handed what it asked for. */
async function register(
  { registrar }: Platform,
  link: Link,
  request: RegistrationRequest,
): Promise<Refusal | undefined> {
  const registered = await registrar.register({ ...request, isGone: () => link.stream.destroyed });
  if (isRefusal(registered)) return late(link, registered);
  link.isRegistration = true;
  link.registered = registered;
  return undefined;
}

async function late(link: Link, refusal: Refusal): Promise<Refusal> {
  if (refusal.code === "busy") await link.pass(Math.min(refusal.retryAfterMs ?? 0, LATEST_ANSWER_MS));
  return refusal;
}

/** Holds NUL, or what the parser puts in the place of bytes that are no UTF-8: it does not say which they were. */
function isIllFormed(text: string): boolean {
  return /[\0\ufffd]/.test(text);
}

function refusalError(code: RefusalCode) {
  return Object.assign(new Error(code), { returnCode: CONNACK_CODES[code] });
}
