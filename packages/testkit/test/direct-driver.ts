import { type AuthAttempt, isRefusal, type Session } from "@trine/core/auth";
import { computeMac, deviceKey, Secret, stringToSign } from "@trine/core/certificate";
import type { Platform } from "@trine/core/platform";
import type {
  AdapterDriver,
  AdapterUnderTest,
  DeviceSession,
  LoginRequest,
  ReceivedMessage,
} from "../src/conformance/index.ts";

const MAX_BYTES = 1_000;

/**
 * The thinnest adapter there can be: no wire at all, the core is called directly. It shows that the scenarios judge the core's answers
 * rightly, and how small a driver is.
 */
export function createDirectDriver(keep: "connection" | "token"): AdapterDriver {
  const transport = `direct-${keep}`;
  return {
    transport,
    payloadBytes: { allowed: MAX_BYTES, oversized: MAX_BYTES + 1 },
    expected: {
      login: {
        accepted: "ok",
        badCredentials: "bad_credentials",
        disabled: "disabled",
        notAllowed: "not_allowed",
        malformed: "malformed",
        unavailable: "unavailable",
      },
      registration: {
        accepted: "ok",
        badSignature: "bad_credentials",
        off: "registration_off",
        unknownDevice: "unknown_device",
        alreadyActive: "already_active",
        unavailable: "unavailable",
      },
      publish: {
        accepted: "ok",
        foreignTopic: "forbidden_topic",
        oversized: "too_large",
        unavailable: "unavailable",
        revoked: keep === "token" ? "token_invalid" : "closed",
      },
    },
    delivery: "fetched",
    start: async (platform) => startDirect(platform, { transport, keep }),
  };
}

interface Connection {
  readonly session: Session;
  epoch: number;
  open: boolean;
  /** Tells the client's side. */
  readonly ended: { readonly promise: Promise<void>; readonly resolve: () => void };
}

function startDirect(
  platform: Platform,
  { transport, keep }: { transport: string; keep: "connection" | "token" },
): AdapterUnderTest {
  const connections = new Set<Connection>();
  const statusTopic = "/status";

  async function end(connection: Connection, why: string): Promise<void> {
    if (!connections.delete(connection)) return;
    connection.open = false;
    connection.ended.resolve();
    const { session, epoch } = connection;
    await platform.connections.close(session, { connectionId: session.sessionId, epoch, statusTopic, why });
  }

  async function closeMatching(matches: (connection: Connection) => boolean): Promise<number> {
    const closing = [...connections].filter(matches);
    await Promise.all(closing.map((connection) => end(connection, "revoked")));
    return closing.length;
  }

  const release = platform.hold({
    close: (target, { minSecretVersion = Number.POSITIVE_INFINITY } = {}) =>
      closeMatching(
        ({ session }) =>
          session.secretVersion < minSecretVersion &&
          ("device" in target
            ? deviceKey(session.device) === deviceKey(target.device)
            : session.device.productKey === target.productKey),
      ),
    closeOlder: (device, epoch, only) =>
      closeMatching(
        ({ session, ...it }) => !only && deviceKey(session.device) === deviceKey(device) && it.epoch <= epoch,
      ),
    closeAll: () => 0,
    held: () => [],
    wake: () => undefined,
    wakeAll: () => undefined,
    deliver: () => false,
  });

  async function connect(session: Session): Promise<DeviceSession> {
    // Newer than any other until the directory says how new.
    const connection: Connection = { session, epoch: Number.POSITIVE_INFINITY, open: true, ended: deferred() };
    connections.add(connection);
    const opened = await platform.connections.open(session, { connectionId: session.sessionId, statusTopic });
    if (isRefusal(opened)) throw new Error(opened.code);
    connection.epoch = opened.epoch;
    return {
      closed: connection.ended.promise,
      publish: (message) => (connection.open ? publish(session, message) : Promise.resolve({ code: "closed" })),
      listen: async () => undefined,
      receive: async (waitMs) => (connection.open ? receive(session, waitMs) : undefined),
      close: () => end(connection, "client"),
    };
  }

  function present(token: string): DeviceSession {
    const resume = () => platform.sessions.resume(token, { transport, peer: "127.0.0.1" });
    return {
      async publish(message) {
        const session = await resume();
        return isRefusal(session) ? { code: session.code } : publish(session, message);
      },
      listen: async () => undefined,
      async receive(waitMs) {
        const session = await resume();
        return isRefusal(session) ? undefined : receive(session, waitMs);
      },
      close: async () => undefined,
    };
  }

  async function receive(session: Session, waitMs: number): Promise<ReceivedMessage | undefined> {
    const fetched = await platform.inbox.fetch(session, { limit: 1, waitMs, signal: new AbortController().signal });
    const [message] = isRefusal(fetched) ? [] : fetched;
    if (!message) return undefined;
    const { topic, payload, messageId } = message;
    return { topic, payload, acknowledge: async () => void (await platform.inbox.acknowledge(session, messageId)) };
  }

  async function publish(session: Session, message: { topic: string; payload: Buffer }): Promise<{ code: string }> {
    if (!platform.mayServe()) return { code: "closed" };
    if (message.payload.length > MAX_BYTES) return { code: "too_large" };
    const outcome = await platform.uplink.accept(session, { ...message, qos: 1 });
    return { code: isRefusal(outcome) ? outcome.code : "ok" };
  }

  return {
    async login(request) {
      if (!platform.mayServe()) return { accepted: false, code: "closed", raw: "" };
      if (request.malformed) return { accepted: false, code: "malformed", raw: "malformed" };
      const outcome = await platform.authenticator.authenticate(attemptOf(request, { transport, keep }));
      if (isRefusal(outcome)) return { accepted: false, code: outcome.code, raw: outcome.code };
      const token = outcome.token?.text.reveal();
      const session = token === undefined ? await connect(outcome) : present(token);
      return { accepted: true, code: "ok", raw: "ok", session };
    },
    async register({ device, productSecret }) {
      const random = "direct";
      const mac = computeMac("hmacsha256", new Secret(productSecret), stringToSign({ ...device, random }));
      const about = { device, random, mac, signMethod: "hmacsha256", wants: "secret" } as const;
      const outcome = await platform.registrar.register({ ...about, transport, peer: "127.0.0.1" });
      if (isRefusal(outcome)) return { code: outcome.code, raw: outcome.code };
      if (!("deviceSecret" in outcome)) throw new Error("a secret was asked for");
      return { code: "ok", raw: "ok", deviceSecret: outcome.deviceSecret.reveal() };
    },
    async stop() {
      await closeMatching(() => true);
      release();
    },
  };
}

function attemptOf(
  { device, deviceSecret, signMethod = "hmacsha256" }: LoginRequest,
  how: { transport: string; keep: "connection" | "token" },
): AuthAttempt {
  const signed = { clientId: "direct", deviceName: device.deviceName, productKey: device.productKey };
  const mac = computeMac(signMethod, new Secret(deviceSecret), stringToSign(signed));
  return { device, signMethod, mac, signed, peer: "127.0.0.1", ...how };
}

function deferred(): Connection["ended"] {
  let resolve = () => {};
  const promise = new Promise<void>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}
