import type {
  ApiKeyStore,
  AttemptLimiter,
  AuditLog,
  BatchStore,
  Clock,
  ControlBus,
  DeviceDirectory,
  KeyStore,
  Mailbox,
  OperatorSessionStore,
  PackageStore,
  RegistrationNames,
  SealedRows,
  SessionStore,
  SubscriptionStore,
  Timeline,
  UplinkLog,
} from "@trine/core/ports";
import { createMemoryAccessKeyStore, type MemoryAccessKeyStore } from "./memory-access-key-store.ts";
import { createMemoryApiKeyStore } from "./memory-api-key-store.ts";
import { createMemoryAttemptLimiter } from "./memory-attempt-limiter.ts";
import { createMemoryAuditLog } from "./memory-audit-log.ts";
import { createMemoryBatchStore } from "./memory-batch-store.ts";
import { createMemoryControlBus } from "./memory-control-bus.ts";
import { createMemoryDeviceDirectory } from "./memory-device-directory.ts";
import { createMemoryDeviceRegistry, type MemoryDeviceRegistry } from "./memory-device-registry.ts";
import { createMemoryKeyStore } from "./memory-key-store.ts";
import { createMemoryMailbox } from "./memory-mailbox.ts";
import { createMemoryOperatorSessionStore } from "./memory-operator-session-store.ts";
import { createMemoryPackageStore } from "./memory-package-store.ts";
import { createMemoryRegistrationNames } from "./memory-registration-names.ts";
import { createMemorySessionStore } from "./memory-session-store.ts";
import { createMemorySubscriptionStore } from "./memory-subscription-store.ts";
import { createMemoryTimeline } from "./memory-timeline.ts";
import { createMemoryUplinkLog } from "./memory-uplink-log.ts";
import { createMemoryX509Store, type MemoryX509Store } from "./memory-x509-store.ts";

/** Every port of the core that stores or carries something. */
export interface MemoryPorts {
  readonly registry: MemoryDeviceRegistry;
  readonly registrationNames: RegistrationNames;
  readonly batches: BatchStore;
  readonly packages: PackageStore;
  readonly audit: AuditLog;
  readonly apiKeys: ApiKeyStore;
  readonly accessKeys: MemoryAccessKeyStore;
  readonly operatorSessions: OperatorSessionStore;
  readonly timeline: Timeline;
  readonly sessions: SessionStore;
  readonly subscriptions: SubscriptionStore;
  readonly directory: DeviceDirectory;
  readonly limiter: AttemptLimiter;
  readonly mailbox: Mailbox;
  readonly uplinkLog: UplinkLog;
  readonly bus: ControlBus;
  readonly keyStore: KeyStore;
  readonly sealedRows: readonly SealedRows[];
  readonly x509: MemoryX509Store;
}

/** Opens every port in this process. Nothing is kept. For tests. */
export function createMemoryPorts({ clock }: { clock: Clock }): MemoryPorts {
  const registry = createMemoryDeviceRegistry();
  const x509 = createMemoryX509Store({ registry });
  const accessKeys = createMemoryAccessKeyStore();
  return {
    registry,
    registrationNames: createMemoryRegistrationNames({ registry }),
    batches: createMemoryBatchStore({ registry, clock }),
    packages: createMemoryPackageStore({ registry }),
    audit: createMemoryAuditLog(),
    apiKeys: createMemoryApiKeyStore(),
    accessKeys,
    operatorSessions: createMemoryOperatorSessionStore(),
    timeline: createMemoryTimeline({ registry }),
    sessions: createMemorySessionStore({ clock }),
    subscriptions: createMemorySubscriptionStore(),
    directory: createMemoryDeviceDirectory({ clock }),
    limiter: createMemoryAttemptLimiter({ clock }),
    mailbox: createMemoryMailbox(),
    uplinkLog: createMemoryUplinkLog(),
    bus: createMemoryControlBus(),
    keyStore: createMemoryKeyStore({ clock }),
    sealedRows: [...registry.sealedRows, x509.sealedRows, accessKeys.sealedRows],
    x509,
  };
}
