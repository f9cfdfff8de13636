import { randomBytes } from "node:crypto";
import type { DeviceRef } from "@trine/core/certificate";
import { type DeviceRegistry, InvalidCursorError, type SealedRows, type X509Store } from "@trine/core/ports";
import { describe, expect, it } from "vitest";
import { aCertificate, aFingerprint, anAuthority, aSerialNumber } from "./a-certificate.ts";
import { type MakeContract, openContract } from "./contract.ts";
import { describeX509Endings } from "./describe-x509-endings.ts";
import { aDevice, aDeviceRef, aProduct, atOnce, randomName } from "./fixtures.ts";

/** Every promise of the port `X509Store`, and of what is sealed in it. */
export function describeX509Store(
  name: string,
  make: MakeContract<X509Store, { registry: DeviceRegistry; sealedRows: SealedRows }>,
): void {
  describe(`X509Store: ${name}`, () => {
    const open = openContract(make);
    const REVOKED = { atMs: 7, why: "lost" };

    async function addDevice(): Promise<DeviceRef> {
      const { registry } = open();
      const product = aProduct();
      await registry.insertProduct(product);
      const device = aDevice(product.productKey);
      await registry.insertDevices(product.productKey, [device]);
      return device.device;
    }

    const versionOf = async (device: DeviceRef) => (await open().registry.findCredentials(device))?.x509Version ?? 0;

    describeX509Endings(open, addDevice);

    it("gives a certificate back as it was kept, to another process too", async () => {
      const { store, second } = open();
      const device = await addDevice();
      const full = aCertificate(device, { der: randomBytes(30), origin: "issued", createdAtMs: 6 });
      const bare = { fingerprint: aFingerprint(), device, origin: "bound" as const, createdAtMs: 5 };
      for (const each of [full, bare]) expect(await store.insert(each)).toBe("inserted");
      expect(await second.find(full.fingerprint)).toEqual(full);
      expect(await second.list(device)).toEqual([full, bare]);
      expect(await second.find(aFingerprint())).toBeUndefined();
      expect(await second.list(aDeviceRef())).toEqual([]);
    });

    it("keeps a fingerprint once, of 20 that come at once, and for devices that are there only", async () => {
      const { store, second } = open();
      const device = await addDevice();
      const record = aCertificate(device);
      const outcomes = await atOnce(20, (n) => (n % 2 ? store : second).insert(record));
      expect(outcomes.filter((outcome) => outcome === "inserted")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "taken")).toHaveLength(19);
      expect(await store.insert(aCertificate(aDeviceRef()))).toBe("no_device");
    });

    it("knows everything that a login is judged by, in one answer", async () => {
      const { store, second, registry } = open();
      const device = await addDevice();
      const record = aCertificate(device);
      const authority = anAuthority(device.productKey);
      await store.insert(record);
      await store.insertAuthority(authority);
      await store.insertAuthority(anAuthority(await addDevice().then(({ productKey }) => productKey)));
      const serials = [aSerialNumber(), aSerialNumber()];
      const issuer = { productKey: device.productKey, issuerKeyHash: aFingerprint() };
      await store.revokeSerials(issuer, [serials[1] ?? ""], REVOKED);
      const credentials = await registry.findCredentials(device);
      const of = (fingerprint: string, names: DeviceRef | undefined) =>
        second.findStanding({ fingerprint, names, serialNumbers: serials });
      const revoked = [{ issuerKeyHash: issuer.issuerKeyHash, serialNumber: serials[1] }];
      const { origin, issuerKeyHash } = record;
      expect(await of(record.fingerprint, undefined)).toMatchObject({
        known: { device, origin, issuerKeyHash },
        credentials,
        authorities: [authority.der],
        revoked,
      });
      expect(await of(aFingerprint(), device)).toEqual({ credentials, authorities: [authority.der], revoked });
      expect(await of(record.fingerprint, await addDevice())).toMatchObject({ credentials, revoked });
      const gone = aDeviceRef(device.productKey);
      expect(await of(aFingerprint(), gone)).toEqual({ authorities: [authority.der], revoked });
      expect(await of(aFingerprint(), aDeviceRef())).toEqual({ authorities: [], revoked: [] });
      expect(await of(aFingerprint(), undefined)).toEqual({ authorities: [], revoked: [] });
    });

    it("keeps a certificate at its first use, and what it says of one that was bound by its fingerprint", async () => {
      const { store, second } = open();
      const device = await addDevice();
      const { seen, ...bare } = aCertificate(device);
      const used = { ...bare, seen, origin: "named" as const, firstUsedAtMs: 9 };
      await store.noteFirstUse(used);
      expect(await second.find(bare.fingerprint)).toEqual(used);
      await store.noteFirstUse({ ...used, firstUsedAtMs: 10 });
      expect(await second.find(bare.fingerprint)).toEqual(used);

      const bound = { fingerprint: aFingerprint(), device, origin: "bound" as const, createdAtMs: 5 };
      await store.insert(bound);
      await store.noteFirstUse({ ...used, fingerprint: bound.fingerprint });
      expect(await second.find(bound.fingerprint)).toEqual({ ...bound, seen, firstUsedAtMs: 9 });
      const { known } = await second.findStanding({ ...bound, names: undefined, serialNumbers: [] });
      expect(known).toMatchObject({ firstUsedAtMs: 9 });
    });

    it("takes no certificate from another device by using it, and keeps none of a device that is gone", async () => {
      const { store } = open();
      const [device, other] = [await addDevice(), await addDevice()];
      const record = aCertificate(device);
      await store.insert(record);
      await store.noteFirstUse({ ...record, device: other, firstUsedAtMs: 9 });
      expect(await store.find(record.fingerprint)).toEqual(record);
      await store.noteFirstUse({ ...aCertificate(aDeviceRef()), firstUsedAtMs: 9 });
    });

    it("revokes once, and voids what the device did with certificates", async () => {
      const { store, second } = open();
      const [device, other] = [await addDevice(), await addDevice()];
      const record = aCertificate(device);
      await store.insert(record);
      expect(await store.revoke(other, record.fingerprint, REVOKED)).toBe(false);
      expect(await versionOf(device)).toBe(0);
      const outcomes = await atOnce(10, (n) => (n % 2 ? store : second).revoke(device, record.fingerprint, REVOKED));
      expect(outcomes.filter(Boolean)).toHaveLength(1);
      expect(await versionOf(device)).toBe(1);
      expect(await versionOf(other)).toBe(0);
      expect(await store.find(record.fingerprint)).toEqual({ ...record, revokedAtMs: 7, revokedWhy: "lost" });
      const standing = await store.findStanding({ ...record, names: undefined, serialNumbers: [] });
      expect(standing).toMatchObject({ known: { revokedAtMs: 7 }, credentials: { x509Version: 1 } });
    });

    it("forgets the certificates of a device with it", async () => {
      const { store, registry } = open();
      const device = await addDevice();
      const record = aCertificate(device);
      await store.insert(record);
      await registry.deleteDevice(device);
      expect(await store.find(record.fingerprint)).toBeUndefined();
      const standing = await store.findStanding({ ...record, names: device, serialNumbers: [] });
      expect(standing).toEqual({ authorities: [], revoked: [] });
    });

    it("keeps the CAs of a product, in the order of their fingerprints, and goes with it", async () => {
      const { store, second, registry } = open();
      const product = aProduct();
      expect(await store.insertAuthority(anAuthority(product.productKey))).toBe("no_product");
      await registry.insertProduct(product);
      const [two, one] = ["bb", "aa"].map((start) =>
        anAuthority(product.productKey, { fingerprint: `${start}${aFingerprint().slice(2)}` }),
      );
      if (!one || !two) throw new Error("there are two");
      for (const each of [two, one]) expect(await store.insertAuthority(each)).toBe("inserted");
      expect(await second.insertAuthority(one)).toBe("taken");
      expect(await second.listAuthorities(product.productKey)).toEqual([one, two]);
      expect(await registry.deleteProduct(product.productKey)).toBe("deleted");
    });

    it("voids what devices of a product did with certificates when it loses a CA, once", async () => {
      const { store, second } = open();
      const [device, other] = [await addDevice(), await addDevice()];
      const authority = anAuthority(device.productKey);
      await store.insertAuthority(authority);
      await store.insertAuthority({ ...authority, productKey: other.productKey });
      expect(await second.deleteAuthority(device.productKey, authority.fingerprint)).toBe(true);
      expect(await second.deleteAuthority(device.productKey, authority.fingerprint)).toBe(false);
      expect(await versionOf(device)).toBe(1);
      expect(await versionOf(other)).toBe(0);
      expect(await store.listAuthorities(device.productKey)).toEqual([]);
      expect(await store.listAuthorities(other.productKey)).toHaveLength(1);
    });

    it("revokes what a CA lists for a product, with what stood on it, and names the devices again when it is asked again", async () => {
      const { store, second } = open();
      const [device, other] = [await addDevice(), await addDevice()];
      const { productKey } = device;
      const sibling = aDevice(productKey);
      await open().registry.insertDevices(productKey, [sibling]);
      const below = sibling.device;
      const record = aCertificate(device);
      const { issuerKeyHash } = record;
      const between = { issuerKeyHash, serialNumber: aSerialNumber() };
      const under = aCertificate(below, { intermediates: [between] });
      const elsewhere = aCertificate(other, { seen: record.seen, issuerKeyHash });
      for (const each of [record, under, elsewhere]) await store.insert(each);
      const serials = [record.seen.serialNumber, between.serialNumber, aSerialNumber()];
      for (const again of [store, second]) {
        const devices = await again.revokeSerials({ productKey, issuerKeyHash }, serials, REVOKED);
        expect(devices).toHaveLength(2);
        expect(devices).toEqual(expect.arrayContaining([device, below]));
      }
      expect(await store.find(record.fingerprint)).toMatchObject({ revokedAtMs: 7, revokedWhy: "lost" });
      expect(await store.find(under.fingerprint)).toMatchObject({ revokedAtMs: 7, intermediates: [between] });
      expect(await store.find(elsewhere.fingerprint)).toEqual(elsewhere);
      expect(await Promise.all([device, below, other].map(versionOf))).toEqual([1, 1, 0]);
      const nobody = { productKey: aDeviceRef().productKey, issuerKeyHash };
      expect(await store.revokeSerials(nobody, serials, REVOKED)).toBe("no_product");
    });

    it("lists what a CA revoked, in pages, each with when and why it was revoked first", async () => {
      const { store, second } = open();
      const { productKey } = await addDevice();
      const issuer = { productKey, issuerKeyHash: aFingerprint() };
      const serials = ["10", "20", "30"];
      await store.revokeSerials(issuer, serials, REVOKED);
      await store.revokeSerials(issuer, ["20"], { atMs: 8, why: "again" });
      await store.revokeSerials({ productKey, issuerKeyHash: aFingerprint() }, ["25"], REVOKED);
      const first = await second.listRevoked(issuer, { limit: 2 });
      expect(first.items).toEqual([
        { serialNumber: "10", revokedAtMs: 7, why: "lost" },
        { serialNumber: "20", revokedAtMs: 7, why: "lost" },
      ]);
      const rest = await second.listRevoked(issuer, { limit: 2, cursor: first.nextCursor ?? "" });
      expect(rest).toEqual({ items: [{ serialNumber: "30", revokedAtMs: 7, why: "lost" }] });
      await expect(store.listRevoked(issuer, { limit: 2, cursor: "x" })).rejects.toThrow(InvalidCursorError);
    });

    it("keeps the own CA that came first, and seals its key again", async () => {
      const { store, second, sealedRows } = open();
      const offers = Array.from({ length: 4 }, () => ({
        fingerprint: aFingerprint(),
        der: randomBytes(20),
        sealedKey: `sealed ${randomName()}`,
        createdAtMs: 5,
      }));
      const kept = await Promise.all(offers.map((offer, n) => (n % 2 ? store : second).keepOwnAuthority(offer)));
      expect(new Set(kept.map(({ fingerprint }) => fingerprint)).size).toBe(1);
      expect(await second.findOwnAuthority()).toEqual(kept[0]);

      expect(await sealedRows.count()).toBe(1);
      const { rows } = await sealedRows.list({ limit: 10 });
      const [row] = rows;
      if (!row) throw new Error("there is one");
      expect(row).toMatchObject({ sealed: kept[0]?.sealedKey, context: `x509-authority/${kept[0]?.fingerprint}` });
      expect(await sealedRows.replace([{ row, to: "sealed anew" }])).toBe(1);
      expect(await sealedRows.replace([{ row, to: "sealed too late" }])).toBe(0);
      expect(await store.findOwnAuthority()).toEqual({ ...kept[0], sealedKey: "sealed anew" });
    });
  });
}
