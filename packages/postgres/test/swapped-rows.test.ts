import { randomBytes } from "node:crypto";
import { isRefusal } from "@trine/core/auth";
import { computeMac, type DeviceRef, productSecretContext, type Secret, stringToSign } from "@trine/core/certificate";
import { createLocalKeyService, type Keychain, openKeychain } from "@trine/core/keys";
import { type Core, createPlatform, type PlatformPorts } from "@trine/core/platform";
import { isProblem, type Problem } from "@trine/core/registry";
import { createMemoryPorts } from "@trine/memory";
import { createRecordingRecorder } from "@trine/testkit/conformance";
import { createTestDatabase } from "@trine/testkit/servers";
import { sql } from "drizzle-orm";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  createSqlDeviceRegistry,
  createSqlKeyStore,
  createSqlSealedDevices,
  createSqlSealedProducts,
  migrate,
  openPostgres,
  type SqlDatabase,
} from "../src/index.ts";

const ACTOR = { name: "test", peer: "127.0.0.1" };
const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
const random = { bytes: (count: number) => randomBytes(count) };
const recorder = createRecordingRecorder();

let database: SqlDatabase;
let core: Core;
let keychain: Keychain;

beforeAll(async () => {
  database = await openPostgres({ url: await createTestDatabase(), onFault: (error) => console.error(error) });
  await migrate(database);
  const registry = createSqlDeviceRegistry(database);
  const keyStore = createSqlKeyStore(database);
  const sealedRows = [createSqlSealedProducts(database), createSqlSealedDevices(database)];
  const masterKey = randomBytes(32);
  const services = [createLocalKeyService(masterKey, random)] as const;
  keychain = await openKeychain({ keyStore, sealedRows, services, masterKeys: [masterKey], clock, random });
  const memory = createMemoryPorts({ clock });
  const ports = { ...memory, registry, keyStore, sealedRows, lookup: registry, vault: keychain, keychain };
  const timer = { after: () => () => undefined };
  const outside = { clock, timer, random, recorder, mayServe: () => true, caches: [], x509Lookup: memory.x509 };
  // Nobody has a certificate issued here.
  const x509Issuer = {} as PlatformPorts["x509Issuer"];
  core = createPlatform({ ...ports, ...outside, x509Issuer }, { nodeId: "node" });
});

afterAll(() => database.close());

async function aProduct(secretMode: "stored" | "derived" = "stored") {
  return must(await core.operators.products.create(ACTOR, { name: "lamp", secretMode })).product.productKey;
}

async function aDevice(productKey?: Awaited<ReturnType<typeof aProduct>>) {
  const added = must(await core.operators.devices.add(ACTOR, productKey ?? (await aProduct()), {}));
  return { device: added.device.device, secret: added.deviceSecret };
}

async function logIn({ device, secret }: { device: DeviceRef; secret: Secret }): Promise<string> {
  const signed = { clientId: "12345", ...device };
  const mac = computeMac("hmacsha256", secret, stringToSign(signed));
  const attempt = { device, signMethod: "hmacsha256", signed, mac, transport: "radio", peer: "192.0.2.1" } as const;
  const outcome = await core.platform.authenticator.authenticate({ ...attempt, keep: "connection" });
  return isRefusal(outcome) ? outcome.code : "ok";
}

const certificateOf = (device: DeviceRef) => core.operators.devices.certificate(ACTOR, device);

/** Swaps a column between two rows, as somebody with access to the database could. */
async function swapDevices(column: "sealed_secret", one: DeviceRef, other: DeviceRef): Promise<void> {
  const [a, b] = [one.deviceName, other.deviceName];
  await database.db.execute(
    sql`update devices d set ${sql.identifier(column)} = o.${sql.identifier(column)} from devices o
      where (d.device_name, o.device_name) in ((${a}, ${b}), (${b}, ${a}))`,
  );
}

async function swapProducts(column: "sealed_secret" | "sealed_seed", a: string, b: string): Promise<void> {
  await database.db.execute(
    sql`update products p set ${sql.identifier(column)} = o.${sql.identifier(column)} from products o
      where (p.product_key, o.product_key) in ((${a}, ${b}), (${b}, ${a}))`,
  );
}

describe("a secret in the row of another", () => {
  it("opens for neither device: both are refused as unavailable, with a fault, and nobody else notices", async () => {
    const [one, other, third] = [await aDevice(), await aDevice(), await aDevice()];
    await swapDevices("sealed_secret", one.device, other.device);
    const before = recorder.faults.length;
    for (const each of [one, other, { ...one, secret: other.secret }, { ...other, secret: one.secret }])
      expect(await logIn(each)).toBe("unavailable");
    expect(recorder.faults.slice(before)).toHaveLength(4);
    expect(String(recorder.faults.at(-1)?.error)).toContain("belongs to another row");
    for (const { device } of [one, other]) await expect(certificateOf(device)).rejects.toThrow("another row");
    expect(await logIn(third)).toBe("ok");
    expect(await certificateOf(third.device)).toHaveProperty("deviceSecret");

    await swapDevices("sealed_secret", one.device, other.device);
    expect([await logIn(one), await logIn(other)]).toEqual(["ok", "ok"]);
  });

  it("of the other slot of the same device does not open either", async () => {
    const { device, secret } = await aDevice();
    const { deviceSecret } = must(await core.operators.rotations.rotate(ACTOR, device, {}));
    await database.db.execute(
      sql`update devices set sealed_secret = next_sealed_secret, next_sealed_secret = sealed_secret
        where device_name = ${device.deviceName}`,
    );
    expect(await logIn({ device, secret })).toBe("unavailable");
    expect(await logIn({ device, secret: deviceSecret })).toBe("unavailable");
  });

  it("that an earlier version of the device had does not open", async () => {
    const { device, secret } = await aDevice();
    const { sealedSecret = "" } = (await createSqlDeviceRegistry(database).findCredentials(device)) ?? {};
    must(await core.operators.rotations.rotate(ACTOR, device, { graceSeconds: 0 }));
    await database.db.execute(
      sql`update devices set sealed_secret = ${sealedSecret} where device_name = ${device.deviceName}`,
    );
    expect(await logIn({ device, secret })).toBe("unavailable");
  });

  it("does not open for products, nor a product's in the place of a device's", async () => {
    const [one, other] = [await aProduct(), await aProduct()];
    await swapProducts("sealed_secret", one, other);
    const { sealedSecret = "" } = (await createSqlDeviceRegistry(database).findProduct(one)) ?? {};
    expect(() => keychain.open(sealedSecret, productSecretContext(one))).toThrow("another row");
    expect(keychain.open(sealedSecret, productSecretContext(other)).reveal()).toHaveLength(16);

    const { device, secret } = await aDevice();
    await database.db.execute(
      sql`update devices set sealed_secret = ${sealedSecret} where device_name = ${device.deviceName}`,
    );
    expect(await logIn({ device, secret })).toBe("unavailable");
  });

  it("does not open for seeds, nor a device's own secret where secrets are derived", async () => {
    const [one, other] = [await aProduct("derived"), await aProduct("derived")];
    const [mine, theirs] = [await aDevice(one), await aDevice(other)];
    const stored = await aDevice();
    await swapProducts("sealed_seed", one, other);
    expect([await logIn(mine), await logIn(theirs)]).toEqual(["unavailable", "unavailable"]);
    await swapProducts("sealed_seed", one, other);
    expect(await logIn(mine)).toBe("ok");

    const { sealedSecret = "" } = (await createSqlDeviceRegistry(database).findCredentials(stored.device)) ?? {};
    await database.db.execute(
      sql`update devices set sealed_secret = ${sealedSecret} where device_name = ${mine.device.deviceName}`,
    );
    expect(await logIn({ ...mine, secret: stored.secret })).toBe("bad_credentials");
    expect(await logIn(mine)).toBe("ok");
  });
});

function must<T>(outcome: T | Problem): T {
  if (isProblem(outcome)) throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome;
}
