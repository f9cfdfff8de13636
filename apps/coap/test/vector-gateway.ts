import { createHash, randomBytes } from "node:crypto";
import { deviceSecretContext, parseDeviceRef, Secret } from "@trine/core/certificate";
import { createLocalKeyService, openKeychain } from "@trine/core/keys";
import { createPlatform, type Platform } from "@trine/core/platform";
import type { Clock, Random, Timer, UplinkItem } from "@trine/core/ports";
import { createMemoryPorts } from "@trine/memory";
import { ANSWERING_SERVICES, createRecordingRecorder, type RecordingRecorder } from "@trine/testkit/conformance";
import { aProduct } from "@trine/testkit/ports";
import { loadVectors } from "@trine/vectors";
import { createX509Issuer } from "@trine/x509";

/** The real core over stores in memory, with the devices that the vectors are about. */
export interface VectorGateway {
  readonly platform: Platform;
  readonly recorder: RecordingRecorder;
  /** Stores a session as a login would have, under a token of the vectors' choice. */
  keepSession(identity: string, session: { token: string; sealing: Sealing }): Promise<void>;
  /** The uplink log, oldest first. */
  published(): Promise<readonly UplinkItem[]>;
}

interface Sealing {
  readonly random: string;
  readonly seqOffset: number;
}

const CLOCK: Clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const TIMER: Timer = { after: () => () => undefined };
const RANDOM: Random = { bytes: (count) => randomBytes(count) };
const LIFE_MS = 60_000;
const TOPIC_CLASS = { suffix: "user/update", permission: "pub" } as const;

/** Makes the gateway. `createTestPlatform` draws names and secrets; the vectors' captures hold theirs. */
export async function createVectorGateway(): Promise<VectorGateway> {
  const ports = createMemoryPorts({ clock: CLOCK });
  const masterKey = randomBytes(32);
  const services = [createLocalKeyService(masterKey, RANDOM)] as const;
  const vault = await openKeychain({ ...ports, clock: CLOCK, random: RANDOM, services, masterKeys: [masterKey] });
  const recorder = createRecordingRecorder();
  const { registry: lookup } = ports;
  const core = createPlatform(
    {
      ...ports,
      lookup,
      x509Lookup: ports.x509,
      x509Issuer: createX509Issuer(),
      vault,
      keychain: vault,
      recorder,
      clock: CLOCK,
      timer: TIMER,
      random: RANDOM,
      mayServe: () => true,
      openServices: () => ANSWERING_SERVICES,
      caches: [],
    },
    { nodeId: "vectors" },
  );
  const { identities } = loadVectors().meta;
  const refOf = (identity: string) => {
    const { productKey = "", deviceName = "" } = identities[identity] ?? {};
    const device = parseDeviceRef(productKey, deviceName);
    if (!device) throw new Error(`there is no identity ${identity}`);
    return device;
  };
  for (const [identity, { deviceSecret = "" }] of Object.entries(identities)) {
    const device = refOf(identity);
    await ports.registry.insertProduct(aProduct({ productKey: device.productKey, topicClasses: [TOPIC_CLASS] }));
    const sealedSecret = vault.seal(new Secret(deviceSecret), deviceSecretContext(device, 1));
    await ports.registry.insertDevices(device.productKey, [
      { device, iotId: identity, sealedSecret, createdAtMs: CLOCK.nowMs() },
    ]);
  }
  return {
    platform: core.platform,
    recorder,
    async keepSession(identity, { token, sealing }) {
      const device = refOf(identity);
      const credentials = await lookup.findCredentials(device);
      if (!credentials) throw new Error(`${identity} is not registered`);
      const { iotId, secretVersion } = credentials;
      const createdAtMs = CLOCK.nowMs();
      const hash = createHash("sha256").update(token).digest("hex");
      const times = { createdAtMs, expiresAtMs: createdAtMs + LIFE_MS };
      const record = { sessionId: token, device, iotId, secretVersion, transport: "coap", sealing, ...times };
      await ports.sessions.save(hash, record, 2);
    },
    async published() {
      const items = await ports.uplinkLog.read("look", { consumer: "look", count: 1000, nowMs: CLOCK.nowMs() });
      if (items === "filter_differs") throw new Error("a new group is bound to nothing");
      return items;
    },
  };
}
