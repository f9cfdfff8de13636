import { type DeviceName, type DeviceRef, deviceKey, type ProductKey } from "@trine/core/certificate";
import {
  type DeviceCredentials,
  type DeviceRegistry,
  InvalidCursorError,
  type NewDevice,
  type Page,
  type ProductPolicy,
  type ProductRecord,
  type RevocationTarget,
  type SealedRows,
} from "@trine/core/ports";
import { createMemorySealedRows } from "./memory-sealed-rows.ts";
import { beginRotation, endedRotations, endRotation, settleRotation } from "./rotate-stored.ts";
import { applyPresence, applySeen, matches, newStoredDevice, recordOf, type StoredDevice } from "./stored-device.ts";

/** What the batch store, which commits devices and progress together, needs besides the port. */
export interface MemoryDeviceRegistry extends DeviceRegistry {
  /** What is sealed in it. */
  readonly sealedRows: readonly SealedRows[];
  /** As `insertDevices`, and remembers which batch the new devices are of. */
  insertOfBatch(
    productKey: ProductKey,
    devices: readonly NewDevice[],
    batchId: string | undefined,
  ): { taken: readonly DeviceName[] } | "no_product";
  /** As `findCredentials`, at once: what is decided by it is decided before anything else happens. */
  credentialsOf(device: DeviceRef): DeviceCredentials | undefined;
  /** Voids what was made with certificates of the target before. */
  raiseX509Version(target: RevocationTarget): void;
}

/** Keeps products and devices until the process ends. For tests. */
export function createMemoryDeviceRegistry(): MemoryDeviceRegistry {
  const products = new Map<ProductKey, ProductRecord>();
  const devices = new Map<string, StoredDevice>();
  /** Greatest versions of derived secrets of devices that are gone. */
  const spent = new Map<string, number>();
  /** Of devices and of products; a device's is the sum of both. */
  const x509Versions = new Map<string, number>();
  const x509VersionOf = (name: string) => x509Versions.get(name) ?? 0;

  const devicesOf = (productKey: ProductKey) =>
    [...devices.values()]
      .filter(({ device }) => device.productKey === productKey)
      .toSorted((a, b) => byBytes(a.device.deviceName, b.device.deviceName));

  function credentialsOf(device: DeviceRef): DeviceCredentials | undefined {
    const stored = devices.get(deviceKey(device));
    const product = products.get(device.productKey);
    if (!stored || !product) return undefined;
    const { productKey, nodeType, policy, topicClasses, services, policyVersion, sealedSeed } = product;
    const x509Version = x509VersionOf(productKey) + x509VersionOf(deviceKey(device));
    return {
      device: stored.device,
      iotId: stored.iotId,
      ...(stored.sealedSecret === undefined ? {} : { sealedSecret: stored.sealedSecret }),
      secretVersion: stored.secretVersion,
      ...(stored.next ? { next: stored.next } : {}),
      disabled: stored.disabled,
      activated: stored.activatedAtMs !== undefined,
      ...(x509Version === 0 ? {} : { x509Version }),
      product: {
        productKey,
        nodeType,
        policy,
        topicClasses,
        ...(services === undefined ? {} : { services }),
        ...(policyVersion === undefined ? {} : { policyVersion }),
        ...(sealedSeed === undefined ? {} : { sealedSeed }),
      },
    };
  }

  function insertOfBatch(productKey: ProductKey, added: readonly NewDevice[], batchId: string | undefined) {
    if (!products.has(productKey)) return "no_product";
    const taken: DeviceName[] = [];
    for (const device of added) {
      const key = deviceKey(device.device);
      if (devices.has(key)) taken.push(device.device.deviceName);
      else devices.set(key, newStoredDevice(device, { batchId, secretVersion: (spent.get(key) ?? 0) + 1 }));
    }
    return { taken };
  }

  /** Puts `change` in the place of the device, if there is one. */
  function replace(device: DeviceRef, change: (stored: StoredDevice) => StoredDevice): StoredDevice | undefined {
    const stored = devices.get(deviceKey(device));
    const changed = stored && change(stored);
    if (changed) devices.set(deviceKey(device), changed);
    return changed;
  }

  return {
    sealedRows: createMemorySealedRows(products, devices),
    insertOfBatch,
    credentialsOf,
    raiseX509Version(target) {
      const name = "device" in target ? deviceKey(target.device) : target.productKey;
      x509Versions.set(name, x509VersionOf(name) + 1);
    },
    async insertProduct(product) {
      if (products.has(product.productKey)) return false;
      products.set(product.productKey, product);
      return true;
    },
    async findProduct(productKey) {
      return products.get(productKey);
    },
    async listProducts(page) {
      const listed = [...products.values()].filter(({ productKey }) => page.only?.includes(productKey) ?? true);
      const sorted = listed.toSorted((a, b) => byBytes(a.productKey, b.productKey));
      return pageOf(sorted, ({ productKey }) => productKey, page);
    },
    async updateProduct(productKey, change) {
      const product = products.get(productKey);
      if (!product) return undefined;
      const hasNewRules = change.policy && rulesOf(change.policy) !== rulesOf(product.policy);
      const policyVersion = (product.policyVersion ?? 0) + 1;
      const services = change.services ? { services: { ...product.services, ...change.services } } : {};
      const changed = { ...product, ...change, ...services, ...(hasNewRules ? { policyVersion } : {}) };
      products.set(productKey, changed);
      return changed;
    },
    async deleteProduct(productKey) {
      if (devicesOf(productKey).length > 0) return "has_devices";
      return products.delete(productKey) ? "deleted" : "not_found";
    },
    async findCredentials(device) {
      return credentialsOf(device);
    },
    async insertDevices(productKey, added) {
      return insertOfBatch(productKey, added, undefined);
    },
    async findDevice(device) {
      const stored = devices.get(deviceKey(device));
      return stored && recordOf(stored);
    },
    async findByIotId(iotId) {
      const stored = [...devices.values()].find((each) => each.iotId === iotId);
      return stored && recordOf(stored);
    },
    async countDevices(asked) {
      return new Map(asked.map((productKey) => [productKey, devicesOf(productKey).length]));
    },
    async listDevices(productKey, filter, page) {
      const records = devicesOf(productKey).map(recordOf);
      const matching = records.filter((record) => matches(record, filter));
      return pageOf(matching, ({ device }) => device.deviceName, page);
    },
    async updateDevice(device, { nickname, tags, disabled }) {
      const changed = replace(device, ({ nickname: old, ...stored }) => {
        const kept = nickname === undefined ? old : (nickname ?? undefined);
        return {
          ...stored,
          ...(kept === undefined ? {} : { nickname: kept }),
          ...(tags === undefined ? {} : { tags }),
          disabled: disabled ?? stored.disabled,
        };
      });
      return changed && recordOf(changed);
    },
    async changeTags(device, { set, remove }, most) {
      const stored = devices.get(deviceKey(device));
      if (!stored) return "not_found";
      const kept = Object.entries(stored.tags ?? {}).filter(([key]) => !remove.includes(key));
      const tags = Object.fromEntries([...kept, ...Object.entries(set)]);
      if (Object.keys(tags).length > most) return "too_many";
      replace(device, (before) => ({ ...before, tags }));
      return "changed";
    },
    async deleteDevice(device) {
      const stored = devices.get(deviceKey(device));
      devices.delete(deviceKey(device));
      if (stored && products.get(device.productKey)?.sealedSeed !== undefined)
        spent.set(deviceKey(device), stored.next?.secretVersion ?? stored.secretVersion);
      return stored && { iotId: stored.iotId };
    },
    async activate(device, iotId, atMs) {
      const stored = devices.get(deviceKey(device));
      if (stored?.iotId !== iotId || stored.activatedAtMs !== undefined) return false;
      replace(device, (same) => ({ ...same, activatedAtMs: atMs }));
      return true;
    },
    async noteRegistration(device, iotId, { atMs, notSinceMs }) {
      const stored = devices.get(deviceKey(device));
      if (stored?.iotId !== iotId || stored.activatedAtMs !== undefined || stored.disabled) return false;
      if ((stored.registeredAtMs ?? Number.NEGATIVE_INFINITY) > notSinceMs) return false;
      replace(device, (same) => ({ ...same, registeredAtMs: atMs }));
      return true;
    },
    async savePresence(changes) {
      for (const change of changes) replace(change.device, (stored) => applyPresence(stored, change));
    },
    async saveSeen(seen) {
      for (const one of seen) replace(one.device, (stored) => applySeen(stored, one));
    },
    async beginRotation(device, next) {
      const before = devices.get(deviceKey(device));
      const changed = replace(device, (stored) => beginRotation(stored, next));
      if (changed === before || !changed?.next) return undefined;
      return { secretVersion: changed.next.secretVersion, firstVersion: changed.secretVersion };
    },
    async endRotation(device, iotId, secretVersion) {
      const stored = devices.get(deviceKey(device));
      if (stored?.iotId !== iotId || stored.next?.secretVersion !== secretVersion) return false;
      replace(device, endRotation);
      return true;
    },
    async settleRotation(device, iotId, secretVersion) {
      replace(device, (stored) => (stored.iotId === iotId ? settleRotation(stored, secretVersion) : stored));
    },
    async listEndedRotations(nowMs, limit) {
      return [...devices.values()].flatMap((stored) => endedRotations(stored, nowMs)).slice(0, limit);
    },
    async listSealedSecrets(productKey, { after, limit, batchId, among }) {
      return devicesOf(productKey)
        .filter(({ device }) => after === undefined || byBytes(device.deviceName, after) > 0)
        .filter((stored) => batchId === undefined || stored.batchId === batchId)
        .filter(({ device }) => among?.includes(device.deviceName) ?? true)
        .slice(0, limit)
        .map((stored) => {
          const { sealedSecret, secretVersion } = stored.next ?? stored;
          const sealed = sealedSecret === undefined ? {} : { sealedSecret };
          return { deviceName: stored.device.deviceName, secretVersion, ...sealed };
        });
    },
  };
}

/** What sessions were let in by. */
function rulesOf({ registration: _, ...rules }: ProductPolicy): string {
  return JSON.stringify(rules);
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** A page of a sorted list. The cursor is the key of its last item, marked so that other text is recognised. */
function pageOf<T>(
  sorted: readonly T[],
  keyOf: (item: T) => string,
  page: { limit: number; cursor?: string },
): Page<T> {
  const after = page.cursor === undefined ? "" : page.cursor.slice(1);
  if (page.cursor !== undefined && !/^>[\w@.:-]{1,32}$/.test(page.cursor)) throw new InvalidCursorError();
  const rest = sorted.filter((item) => byBytes(keyOf(item), after) > 0);
  const items = rest.slice(0, page.limit);
  const last = items.at(-1);
  return { items, ...(last !== undefined && rest.length > items.length ? { nextCursor: `>${keyOf(last)}` } : {}) };
}
