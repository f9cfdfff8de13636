import { randomBytes } from "node:crypto";
import {
  type DeviceRef,
  deviceSecretContext,
  type ProductKey,
  parseDeviceRef,
  productSecretContext,
  Secret,
  type Vault,
} from "@trine/core/certificate";
import { createLocalKeyService, openKeychain } from "@trine/core/keys";
import {
  createPlatform,
  type Operators,
  type Platform,
  type PlatformPorts,
  type PlatformSettings,
} from "@trine/core/platform";
import type { Clock, DeviceLookup, ProductPolicy, Random, Timer, UplinkItem } from "@trine/core/ports";
import { type Actor, type DeviceCertificate, isProblem, type Problem, type Product } from "@trine/core/registry";
import { createMemoryPorts, type MemoryPorts } from "@trine/memory";
import { createX509Issuer } from "@trine/x509";
import { aDevice, aProduct, randomName } from "../ports/fixtures.ts";
import { type Faults, faultyStore } from "./faulty-store.ts";
import { createRecordingRecorder, type RecordingRecorder } from "./recording-recorder.ts";
import { createRememberingLookup } from "./remembering-lookup.ts";

export interface TestPlatformOptions {
  readonly clock?: Clock;
  readonly settings?: Partial<PlatformSettings>;
  /** Whether look-ups are remembered, as they are in production; default false, so that outages reach every login. */
  readonly remember?: boolean;
  /** Where several nodes share what they stand on. Default: ports of its own. */
  readonly ports?: MemoryPorts;
  /** 32 bytes, the same for all of them. Default: drawn. */
  readonly masterKey?: Buffer;
  /** Ports in the place of those in memory; outages do not reach them. */
  readonly instead?: Partial<Pick<PlatformPorts, "registry" | "audit" | "timeline">>;
  readonly openServices?: PlatformPorts["openServices"];
}

/** A device that was captured somewhere. */
export interface KnownIdentity {
  readonly productKey: string;
  readonly productSecret: string;
  readonly deviceName: string;
  /** Absent: there is no such device yet, only its product. */
  readonly deviceSecret?: string;
}

/** The real core over stores in memory, with switches and counters. */
export interface TestPlatform {
  /** Give it to the adapter under test. */
  readonly platform: Platform;
  readonly operators: Operators;
  /** The stores themselves, without switches and counters, for assertions. */
  readonly ports: MemoryPorts;
  /** Who the operator is, for `operators`. */
  readonly actor: Actor;
  readonly faults: Faults;
  /** Whether the node may serve, and how often it asked when it might not. */
  readonly lease: { lives: boolean; readonly refusals: number };
  readonly recorder: RecordingRecorder;
  /** How often each was called so far: the look-up of logins, the registry behind its cache, the decryption of a secret. */
  readonly calls: { readonly lookups: number; readonly registryReads: number; readonly decryptions: number };
  addProduct(given?: { policy?: ProductPolicy; nodeType?: "device" | "gateway" }): Promise<Product>;
  /** Adds a device, to a product of its own unless one is given. @returns its certificate. */
  addDevice(productKey?: ProductKey): Promise<DeviceCertificate>;
  /** Adds a device whose names and secrets are given, and its product unless that is there. */
  addKnown(identity: KnownIdentity, policy?: ProductPolicy): Promise<DeviceRef>;
  /** Everything in the uplink log that the device itself published on a topic of `/user/`, oldest first. */
  published(device: DeviceRef): Promise<readonly UplinkItem[]>;
  /** Writes down presence and timelines. */
  flush(): Promise<void>;
  /** Leaves the control bus and writes down what waits. */
  stop(): Promise<void>;
}

/** Makes a platform for tests of adapters. */
export async function createTestPlatform(options: TestPlatformOptions = {}): Promise<TestPlatform> {
  const { clock = SYSTEM_CLOCK, settings = {}, remember = false, instead = {}, openServices } = options;
  const ports = options.ports ?? createMemoryPorts({ clock });
  const faults: Faults = { down: false };
  const stores = { ...withSwitches(ports, faults), ...instead };
  const calls = { lookups: 0, registryReads: 0, decryptions: 0 };
  const registry = countedLookup(stores.registry, () => {
    calls.registryReads += 1;
  });
  const cache = createRememberingLookup(registry);
  const lookup = countedLookup(remember ? cache : registry, () => {
    calls.lookups += 1;
  });
  const masterKey = options.masterKey ?? randomBytes(32);
  const services = [createLocalKeyService(masterKey, SYSTEM_RANDOM)] as const;
  const keychain = await openKeychain({ ...ports, clock, random: SYSTEM_RANDOM, services, masterKeys: [masterKey] });
  const vault = countedVault(keychain, () => {
    calls.decryptions += 1;
  });
  const recorder = createRecordingRecorder();
  const nodeId = `test-${randomName()}`;
  const lease = { lives: true, refusals: 0 };
  const mayServe = () => {
    if (!lease.lives) lease.refusals += 1;
    return lease.lives;
  };
  const outside = { clock, timer: SYSTEM_TIMER, random: SYSTEM_RANDOM, recorder, vault, keychain, mayServe };
  const lookups = { lookup, x509Lookup: stores.x509, x509Issuer: createX509Issuer() };
  const core = createPlatform(
    {
      ...stores,
      ...outside,
      ...lookups,
      caches: remember ? [cache] : [],
      ...(openServices ? { openServices } : {}),
    },
    { nodeId, settings },
  );
  const { operators } = core;
  const listening = await stores.bus.listen(nodeId, core.handleCommand);
  await stores.directory.renewNode(nodeId, Number.MAX_SAFE_INTEGER);

  const addProduct: TestPlatform["addProduct"] = async (given = {}) =>
    orThrow(await operators.products.create(ACTOR, { name: "test product", ...given })).product;
  return {
    platform: core.platform,
    operators,
    ports,
    actor: ACTOR,
    faults,
    lease,
    recorder,
    calls,
    addProduct,
    async addDevice(productKey) {
      const owner = productKey ?? (await addProduct()).productKey;
      const { device, deviceSecret } = orThrow(await operators.devices.add(ACTOR, owner, {}));
      return { ...device.device, deviceSecret };
    },
    addKnown: (identity, policy = {}) => addKnown({ registry: ports.registry, vault: keychain }, identity, policy),
    published: (device) => publishedBy(ports, device),
    flush: core.flush,
    async stop() {
      faults.down = false;
      await listening.stop();
      await core.flush();
    },
  };
}

const ACTOR: Actor = { name: "test", peer: "127.0.0.1" };

const SYSTEM_CLOCK: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };

const SYSTEM_TIMER: Timer = {
  after(ms, work) {
    const timer = setTimeout(work, ms);
    return () => clearTimeout(timer);
  },
};

const SYSTEM_RANDOM: Random = { bytes: (count) => randomBytes(count) };

// The bus and the directory of a test live in its process, but in production the directory is a server like the others.
function withSwitches({ bus, sealedRows, ...stores }: MemoryPorts, faults: Faults): MemoryPorts {
  return {
    bus,
    sealedRows,
    keyStore: faultyStore(stores.keyStore, faults),
    registry: faultyStore(stores.registry, faults),
    registrationNames: faultyStore(stores.registrationNames, faults),
    batches: faultyStore(stores.batches, faults),
    packages: faultyStore(stores.packages, faults),
    audit: faultyStore(stores.audit, faults),
    apiKeys: faultyStore(stores.apiKeys, faults),
    accessKeys: faultyStore(stores.accessKeys, faults),
    operatorSessions: faultyStore(stores.operatorSessions, faults),
    timeline: faultyStore(stores.timeline, faults),
    sessions: faultyStore(stores.sessions, faults),
    subscriptions: faultyStore(stores.subscriptions, faults),
    directory: faultyStore(stores.directory, faults),
    limiter: faultyStore(stores.limiter, faults),
    mailbox: faultyStore(stores.mailbox, faults),
    uplinkLog: faultyStore(stores.uplinkLog, faults),
    x509: faultyStore(stores.x509, faults),
  };
}

function countedLookup(lookup: DeviceLookup, count: () => void): DeviceLookup {
  return {
    findCredentials(device) {
      count();
      return lookup.findCredentials(device);
    },
  };
}

function countedVault(vault: Vault, count: () => void): Vault {
  return {
    seal: (secret, context) => vault.seal(secret, context),
    open(sealed, context) {
      count();
      return vault.open(sealed, context);
    },
  };
}

async function addKnown(
  { registry, vault }: { registry: MemoryPorts["registry"]; vault: Vault },
  identity: KnownIdentity,
  policy: ProductPolicy,
): Promise<DeviceRef> {
  const device = parseDeviceRef(identity.productKey, identity.deviceName);
  if (!device) throw new Error("an identity has names of the wire format");
  const { productKey } = device;
  const productSecret = vault.seal(new Secret(identity.productSecret), productSecretContext(productKey));
  await registry.insertProduct(aProduct({ productKey, policy, sealedSecret: productSecret }));
  if (identity.deviceSecret === undefined) return device;
  const sealedSecret = vault.seal(new Secret(identity.deviceSecret), deviceSecretContext(device, 1));
  await registry.insertDevices(productKey, [{ ...aDevice(productKey), device, sealedSecret }]);
  return device;
}

async function publishedBy({ uplinkLog }: MemoryPorts, { productKey, deviceName }: DeviceRef) {
  const group = `look-${randomName()}`;
  const ask = { consumer: "look", count: Number.MAX_SAFE_INTEGER, productKey, nowMs: Date.now() };
  const items = await uplinkLog.read(group, ask);
  await uplinkLog.deleteGroup(group);
  if (items === "filter_differs") throw new Error("a new group is bound to nothing");
  return items.filter((item) => item.deviceName === deviceName && item.topic.includes("/user/"));
}

function orThrow<T>(outcome: T | Problem): T {
  if (isProblem(outcome)) throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome;
}
