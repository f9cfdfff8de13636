import { type AuthSettings, DEFAULT_AUTH_SETTINGS } from "../auth/auth-deps.ts";
import { createAuthenticator } from "../auth/create-authenticator.ts";
import { createSessionResumer } from "../auth/create-resumer.ts";
import { recordedAuthenticator, recordedResumer } from "../auth/recorded.ts";
import { createConnections } from "../messaging/connections.ts";
import { createDownlink } from "../messaging/downlink.ts";
import { createHolders } from "../messaging/holders.ts";
import { createMessageIds } from "../messaging/message-id.ts";
import { createPresenceWriter } from "../messaging/presence-writer.ts";
import { createUplink } from "../messaging/uplink.ts";
import type { ControlHandler } from "../ports/control-bus.ts";
import { createBatches } from "../registry/batches.ts";
import { createDevices } from "../registry/devices.ts";
import { createProducts } from "../registry/products.ts";
import { createRevocation } from "../registry/revocation.ts";
import { createForgetfulActivation } from "./forgetful-activation.ts";
import { createCommandHandler } from "./handle-command.ts";
import type { Operators } from "./operators.ts";
import type { Platform } from "./platform.ts";
import type { PlatformOptions, PlatformPorts, PlatformSettings } from "./platform-ports.ts";
import { recordedUplink } from "./recorded-uplink.ts";

const DEFAULT_SETTINGS: PlatformSettings & AuthSettings = {
  ...DEFAULT_AUTH_SETTINGS,
  mailboxLimits: { maxMessages: 1_000, maxBytes: 4_194_304 },
  maxPayloadBytes: 262_144,
  revocationTimeoutMs: 2_000,
};

/** The core, put together. */
export interface Core {
  readonly platform: Platform;
  readonly operators: Operators;
  /** Give it to the control bus. */
  readonly handleCommand: ControlHandler;
  /** Writes down presence and waits for announcements that are under way; call it now and then, and at the end. */
  flush(): Promise<void>;
}

/** Puts the core together over its ports. Nothing here does I/O or starts a timer. */
export function createPlatform(ports: PlatformPorts, options: PlatformOptions): Core {
  const { nodeId } = options;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const { registry, clock, random, recorder, uplinkLog } = ports;
  const holders = createHolders();
  const handleCommand = createCommandHandler({ caches: ports.caches, holders });
  const messageIds = createMessageIds({ clock, random });
  const presence = createPresenceWriter(registry);
  const uplink = recordedUplink(
    createUplink({ uplinkLog, clock, messageIds, maxPayloadBytes: settings.maxPayloadBytes }),
    ports,
  );
  const downlink = createDownlink({
    ...ports,
    nodeId,
    handleHere: handleCommand,
    messageIds,
    limits: settings.mailboxLimits,
    maxPayloadBytes: settings.maxPayloadBytes,
  });
  const connections = createConnections({ ...ports, nodeId, holders, presence, uplink });
  const auth = { ...ports, registry: createForgetfulActivation(registry, ports.caches), settings };
  const revocation = createRevocation({
    ...ports,
    nodeId,
    handleHere: handleCommand,
    timeoutMs: settings.revocationTimeoutMs,
  });
  const operatorDeps = { ...ports, uplink, revocation };

  return {
    platform: {
      nodeId,
      authenticator: recordedAuthenticator(createAuthenticator(auth), ports),
      sessions: recordedResumer(createSessionResumer(auth), ports),
      uplink,
      downlink,
      connections,
      mailbox: ports.mailbox,
      subscriptions: ports.subscriptions,
      recorder,
      clock,
      random,
      hold: (holder) => holders.add(holder),
    },
    operators: {
      products: createProducts(operatorDeps),
      devices: createDevices(operatorDeps),
      batches: createBatches(operatorDeps),
      revocation,
      downlink,
      uplinkLog,
      audit: ports.audit,
    },
    handleCommand,
    async flush() {
      await Promise.all([presence.flush(), connections.settled()]);
    },
  };
}
