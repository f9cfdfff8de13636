import { createHash, randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createVault, type DeviceRef, deviceKey, parseDeviceRef, Secret } from "@trine/core/certificate";
import { createSqlDeviceRegistry, createSqlSessionStore, migrate, openPglite } from "@trine/postgres";
import { findVector, loadVectors } from "@trine/vectors";

/** The identities of the vectors that log in as devices of their own. */
export const CAPTURED = ["A", "B"] as const;

export type CapturedName = (typeof CAPTURED)[number];

/** A device of the vectors, by its letter. */
export function capturedDevice(name: CapturedName): DeviceRef {
  const { productKey = "", deviceName = "" } = identity(name);
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) throw new Error(`the vectors have no device ${name}`);
  return device;
}

/**
 * Fills the data folder of a gateway that does not run yet with the devices that the captured requests come from, and with the session
 * whose token the captured CoAP publish presents: a gateway draws all of these itself, and would never draw the captured ones.
 */
export async function seedCapturedFleet(dataFolder: string): Promise<void> {
  const masterKey = randomBytes(32);
  await writeFile(join(dataFolder, "master-key"), `${masterKey.toString("base64")}\n`, { mode: 0o600 });
  const vault = createVault([masterKey], { bytes: randomBytes });
  const database = await openPglite({ dataDir: join(dataFolder, "database") });
  try {
    await migrate(database);
    const registry = createSqlDeviceRegistry(database);
    for (const name of CAPTURED) {
      const { deviceSecret = "", productSecret = "" } = identity(name);
      const device = capturedDevice(name);
      const { productKey } = device;
      await registry.insertProduct({
        productKey,
        name: `vectors ${name}`,
        nodeType: "device",
        policy: {},
        topicClasses: [{ suffix: "user/update", permission: "pub" }],
        sealedSecret: vault.seal(new Secret(productSecret), productKey),
        createdAtMs: Date.now(),
      });
      const sealedSecret = vault.seal(new Secret(deviceSecret), deviceKey(device));
      await registry.insertDevices(productKey, [{ device, iotId: iotId(name), sealedSecret, createdAtMs: Date.now() }]);
    }
    const version = await registry.findCredentials(capturedDevice("B"));
    await createSqlSessionStore(database).save(...capturedSession(version?.secretVersion ?? 0));
  } finally {
    await database.close();
  }
}

/** The session of vector `coap-aes-B`: its first sequence number is the lowest that was captured. */
function capturedSession(secretVersion: number): Parameters<ReturnType<typeof createSqlSessionStore>["save"]> {
  const { inputs, outputs } = findVector("coap-aes-B");
  const numbers = Object.keys(outputs["encryptedSeqHex"] as object).map(Number);
  return [
    createHash("sha256").update(String(inputs["token"])).digest("hex"),
    {
      sessionId: "captured",
      device: capturedDevice("B"),
      iotId: iotId("B"),
      secretVersion,
      transport: "coap",
      createdAtMs: Date.now(),
      expiresAtMs: Date.now() + 3_600_000,
      sealing: { random: String(inputs["random"]), seqOffset: Math.min(...numbers) },
    },
    10,
  ];
}

function identity(name: CapturedName): Readonly<Record<string, string>> {
  return loadVectors().meta.identities[name] ?? {};
}

function iotId(name: CapturedName): string {
  return `captured${name}`.padEnd(30, "0");
}
