import type { Clock } from "@trine/core/ports";
import {
  addSealedAccessKey,
  addSealedDevice,
  addSealedProduct,
  describeAccessKeyStore,
  describeApiKeyStore,
  describeAttemptLimiter,
  describeAuditLog,
  describeBatchStore,
  describeControlBus,
  describeDeviceDirectory,
  describeDeviceRegistry,
  describeKeyStore,
  describeMailbox,
  describeOperatorSessionStore,
  describePackageStore,
  describeRegistrationNames,
  describeSealedRows,
  describeSessionStore,
  describeSubscriptionStore,
  describeTimeline,
  describeUplinkLog,
  describeX509Store,
  TIMELINE_EVENTS,
} from "@trine/testkit/ports";
import { createMemoryDeviceRegistry, createMemoryPorts, createMemoryTimeline, type MemoryPorts } from "../src/index.ts";

const clock: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

/** Opens one port of a fresh set. */
function open<Name extends keyof MemoryPorts>(name: Name) {
  return async () => ({ store: createMemoryPorts({ clock })[name], dispose: async () => undefined });
}

describeDeviceRegistry("memory", open("registry"));
describeAuditLog("memory", open("audit"));
describeAccessKeyStore("memory", open("accessKeys"));
describeApiKeyStore("memory", open("apiKeys"));
describeOperatorSessionStore("memory", open("operatorSessions"));
describeBatchStore("memory", async () => {
  const { batches, registry } = createMemoryPorts({ clock });
  return { store: batches, registry, dispose: async () => undefined };
});
describePackageStore("memory", async () => {
  const { packages, batches, registry } = createMemoryPorts({ clock });
  return { store: packages, batches, registry, dispose: async () => undefined };
});
describeRegistrationNames("memory", async () => {
  const { registrationNames, registry } = createMemoryPorts({ clock });
  return { store: registrationNames, registry, dispose: async () => undefined };
});
describeTimeline("memory", async () => {
  const registry = createMemoryDeviceRegistry();
  const store = createMemoryTimeline({ registry, maxPerDevice: TIMELINE_EVENTS });
  return { store, registry, dispose: async () => undefined };
});
describeSessionStore("memory", open("sessions"));
describeSubscriptionStore("memory", open("subscriptions"));
describeDeviceDirectory("memory", open("directory"));
describeControlBus("memory", open("bus"));
describeAttemptLimiter("memory", open("limiter"));
describeMailbox("memory", open("mailbox"));
describeUplinkLog("memory", open("uplinkLog"));
describeX509Store("memory", async () => {
  const { x509, registry } = createMemoryPorts({ clock });
  return { store: x509, registry, sealedRows: x509.sealedRows, dispose: async () => undefined };
});
describeSealedRows("memory, access keys", async () => {
  const { accessKeys } = createMemoryPorts({ clock });
  return {
    store: accessKeys.sealedRows,
    add: (sealed: string) => addSealedAccessKey(accessKeys, sealed),
    dispose: async () => undefined,
  };
});
describeKeyStore("memory", open("keyStore"));
for (const place of [0, 1]) {
  describeSealedRows(["memory, products", "memory, devices"][place] ?? "", async () => {
    const { registry } = createMemoryPorts({ clock });
    const [products, devices] = registry.sealedRows;
    const [store, add] = place === 0 ? [products, addSealedProduct] : [devices, addSealedDevice];
    if (!store) throw new Error("there are two places");
    return { store, add: (sealed: string) => add(registry, sealed), dispose: async () => undefined };
  });
}
