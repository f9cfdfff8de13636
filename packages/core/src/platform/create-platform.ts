import { createAccessKeys } from "../access/access-keys.ts";
import { createApiKeys } from "../access/api-keys.ts";
import { createOperatorSessions } from "../access/operator-sessions.ts";
import { type AuthSettings, DEFAULT_AUTH_SETTINGS } from "../auth/auth-deps.ts";
import { createAuthenticator } from "../auth/create-authenticator.ts";
import { createPskKeys } from "../auth/create-psk-keys.ts";
import { createSessionResumer } from "../auth/create-resumer.ts";
import { recordedAuthenticator, recordedResumer } from "../auth/recorded.ts";
import { createRegistrar } from "../auth/registration/create-registrar.ts";
import { recordedRegistrar } from "../auth/registration/recorded-registrar.ts";
import { createCloneWatch } from "../guard/clones/clone-watch.ts";
import { createGuard, NO_LIMITS } from "../guard/create-guard.ts";
import { silentNodes } from "../keys/key-work.ts";
import { createKeys } from "../keys/keys.ts";
import { createConnections } from "../messaging/connections/connections.ts";
import { createHolders } from "../messaging/connections/holders.ts";
import { createPresenceWriter } from "../messaging/connections/presence-writer.ts";
import { createRecheck } from "../messaging/connections/recheck-connections.ts";
import { createStatusNews } from "../messaging/connections/status-news.ts";
import { createLostNodeSweep } from "../messaging/connections/sweep-lost-nodes.ts";
import { createDownlink } from "../messaging/downlink/downlink.ts";
import { createDownlinkReports } from "../messaging/downlink/downlink-reports.ts";
import { createInbox } from "../messaging/downlink/inbox.ts";
import { createInFlight } from "../messaging/in-flight.ts";
import { createMessageIds } from "../messaging/message-id.ts";
import { createUplink } from "../messaging/uplink/uplink.ts";
import type { ControlHandler } from "../ports/control-bus.ts";
import { createAskOthers } from "../registry/ask-others.ts";
import { createBatches } from "../registry/batches.ts";
import type { Actor } from "../registry/contracts.ts";
import { createDevices } from "../registry/devices.ts";
import { createPackages } from "../registry/packages/packages.ts";
import { createProducts } from "../registry/products.ts";
import { createRegistrationLists } from "../registry/registration-lists.ts";
import { createRevocation } from "../registry/revocation.ts";
import { createRotations } from "../registry/rotations.ts";
import { createTimelineWriter } from "../registry/timeline-writer.ts";
import { createX509Authorities } from "../registry/x509/authorities.ts";
import { createX509Certificates } from "../registry/x509/certificates.ts";
import { createX509Endings } from "../registry/x509/endings.ts";
import { createCloseExpired } from "./close-expired.ts";
import { createForgetfulActivation } from "./forgetful-activation.ts";
import { createForgetfulX509 } from "./forgetful-x509.ts";
import { createCommandHandler } from "./handle-command.ts";
import { createLateServices } from "./late-services.ts";
import type { Operators } from "./operators.ts";
import type { Platform } from "./platform.ts";
import type { PlatformOptions, PlatformPorts, PlatformSettings } from "./platform-ports.ts";
import { recordedUplink } from "./recorded-uplink.ts";
import type { ServiceCore } from "./service-core.ts";
import { steadyAuthenticator } from "./steady-authenticator.ts";
import { steadyResumer } from "./steady-resumer.ts";
import type { Upkeep } from "./upkeep.ts";

const DEFAULT_SETTINGS: PlatformSettings & AuthSettings = {
  ...DEFAULT_AUTH_SETTINGS,
  ...NO_LIMITS,
  mailboxLimits: { maxMessages: 1_000, maxBytes: 4_194_304 },
  maxPayloadBytes: 262_144,
  revocationTimeoutMs: 4_500,
  operatorSessionLife: { idleMs: 3_600_000, absoluteMs: 12 * 3_600_000 },
};

/** Who disables a device by the policy of its product. */
const GATEWAY: Actor = { name: "trine", peer: "" };

/** The core, put together. */
export interface Core {
  readonly platform: Platform;
  readonly operators: Operators;
  /** Give it to the control bus. */
  readonly handleCommand: ControlHandler;
  /** Writes down presence and timelines, and waits for announcements that are under way; call it now and then, and at the end. */
  flush(): Promise<void>;
  readonly upkeep: Upkeep;
}

/** Puts the core together over its ports. Nothing here does I/O or starts a timer. */
export function createPlatform(ports: PlatformPorts, options: PlatformOptions): Core {
  const { nodeId } = options;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const { registry, clock, random, recorder, uplinkLog } = ports;
  const holders = createHolders();
  const underWay = createInFlight();
  const services = createLateServices();
  let revocations = 0;
  const handleCommand = createCommandHandler({
    caches: [...ports.caches, services],
    holders,
    underWay,
    keychain: ports.keychain,
    services,
    onRevoke() {
      revocations += 1;
    },
  });
  const messageIds = createMessageIds({ clock, random });
  const presence = createPresenceWriter(registry);
  const timeline = createTimelineWriter(ports);
  const guard = createGuard({ ...ports, settings, hasRoom: () => ports.room?.hasRoom() ?? true });
  const { maxPayloadBytes } = settings;
  const uplink = recordedUplink(
    createUplink({ uplinkLog, clock, messageIds, underWay, maxPayloadBytes, rates: guard.rates, services }),
    ports,
  );
  const downlink = createDownlink({
    ...ports,
    nodeId,
    handleHere: handleCommand,
    messageIds,
    limits: settings.mailboxLimits,
    maxPayloadBytes,
  });
  const news = createStatusNews({ presence, timeline, uplink, recorder });
  const clones = createCloneWatch({
    ...ports,
    uplink,
    notes: timeline,
    disable: (device) => devices.disable(GATEWAY, device),
  });
  const connections = createConnections({ ...ports, nodeId, holders, news, clones, services });
  const inbox = createInbox({ ...ports, ...guard, nodeId });
  holders.add(inbox.holder);
  const revocation = createRevocation({
    ...ports,
    nodeId,
    handleHere: handleCommand,
    timeoutMs: settings.revocationTimeoutMs,
  });
  const askOthers = createAskOthers({ ...ports, nodeId, timeoutMs: settings.revocationTimeoutMs });
  const keyDeps = { ...ports, askOthers };
  const operatorDeps = {
    ...ports,
    services,
    uplink,
    revocation,
    notes: timeline,
    outdatedNodes: () => silentNodes({ kind: "reload_keys" }, keyDeps),
  };
  const rotations = createRotations(operatorDeps);
  const devices = createDevices(operatorDeps);
  const apiKeys = createApiKeys(ports);
  const accessKeys = createAccessKeys(ports);
  const auth = {
    ...ports,
    ...guard,
    clones,
    registry: createForgetfulActivation(registry, ports.caches),
    x509: createForgetfulX509(ports.x509, ports.x509Lookup, ports.caches),
    rotations,
    messageIds,
    notes: timeline,
    presence,
    settings,
  };

  const authenticator = recordedAuthenticator(
    steadyAuthenticator(createAuthenticator(auth), () => revocations),
    ports,
  );
  const products = createProducts(operatorDeps);
  const registrar = recordedRegistrar(createRegistrar({ ...ports, ...guard, uplink, notes: timeline }), ports);
  const serviceCore: ServiceCore = {
    ...ports,
    nodeId,
    products,
    devices,
    authenticator,
    registrar,
    connections,
    connectedHere: holders,
    downlink,
    uplink,
    revocation,
    notes: timeline,
    signer: ports.keychain,
    isTrusted: ports.isTrusted ?? (() => true),
  };
  if (ports.openServices) services.bind(ports.openServices(serviceCore));

  return {
    platform: {
      nodeId,
      lookup: ports.lookup,
      authenticator,
      sessions: recordedResumer(
        steadyResumer(createSessionResumer(auth), () => revocations),
        ports,
      ),
      registrar,
      pskKeys: createPskKeys(auth),
      uplink,
      downlink,
      connections,
      inbox,
      mayServe: ports.mayServe,
      mayAccept: () => ports.room?.mayAccept() ?? true,
      rates: guard.rates,
      download: services.download,
      mailbox: ports.mailbox,
      subscriptions: ports.subscriptions,
      recorder,
      clock,
      random,
      hold: (holder) => holders.add(holder),
    },
    operators: {
      products,
      devices,
      registrationLists: createRegistrationLists(ports),
      batches: createBatches(operatorDeps),
      packages: createPackages({ ...operatorDeps, packages: ports.packages, rotations }),
      rotations,
      revocation,
      x509: createX509Certificates(operatorDeps),
      x509Authorities: createX509Authorities(operatorDeps),
      x509Endings: createX509Endings(operatorDeps),
      keys: createKeys(keyDeps),
      downlink,
      downlinkReports: createDownlinkReports({ ...ports, uplink }),
      uplinkLog,
      audit: ports.audit,
      apiKeys,
      accessKeys,
      operatorSessions: createOperatorSessions(ports, settings.operatorSessionLife),
    },
    handleCommand,
    async flush() {
      await Promise.all([
        presence.flush(),
        timeline.flush(),
        apiKeys.flush(),
        accessKeys.flush(),
        guard.guesses.flush(),
        connections.flush().finally(() => news.flush()),
      ]);
    },
    upkeep: {
      sweepLostNodes: createLostNodeSweep({ ...ports, nodeId, news }),
      recheckConnections: createRecheck({ ...ports, holders }),
      closeExpired: createCloseExpired({ holders, clock }),
      keepWatching: inbox.keepWatching,
      closeAll: holders.closeAll,
      closeIdle: holders.closeIdle,
    },
  };
}
