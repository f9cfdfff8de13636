import { type DeviceName, type DeviceRef, deviceKey, type ProductKey } from "@trine/core/certificate";
import {
  type DeviceCredentials,
  type DeviceRegistry,
  InvalidCursorError,
  type NewDevice,
  type Page,
  type ProductRecord,
} from "@trine/core/ports";
import { beginRotation, endedRotations, endRotation, settleRotation } from "./rotate-stored.ts";
import { applyPresence, applySeen, matches, newStoredDevice, recordOf, type StoredDevice } from "./stored-device.ts";

/** What the batch store, which commits devices and progress together, needs besides the port. */
export interface MemoryDeviceRegistry extends DeviceRegistry {
  /** As `insertDevices`, and remembers which batch the new devices are of. */
  insertOfBatch(
    productKey: ProductKey,
    devices: readonly NewDevice[],
    batchId: string | undefined,
  ): { taken: readonly DeviceName[] } | "no_product";
}

/** Keeps products and devices until the process ends. For tests. */
export function createMemoryDeviceRegistry(): MemoryDeviceRegistry {
  const products = new Map<ProductKey, ProductRecord>();
  const devices = new Map<string, StoredDevice>();

  const devicesOf = (productKey: ProductKey) =>
    [...devices.values()]
      .filter(({ device }) => device.productKey === productKey)
      .toSorted((a, b) => byBytes(a.device.deviceName, b.device.deviceName));

  function credentialsOf(device: DeviceRef): DeviceCredentials | undefined {
    const stored = devices.get(deviceKey(device));
    const product = products.get(device.productKey);
    if (!stored || !product) return undefined;
    const { productKey, nodeType, policy, topicClasses, policyVersion } = product;
    return {
      device: stored.device,
      iotId: stored.iotId,
      sealedSecret: stored.sealedSecret,
      secretVersion: stored.secretVersion,
      ...(stored.next ? { next: stored.next } : {}),
      disabled: stored.disabled,
      activated: stored.activatedAtMs !== undefined,
      product: {
        productKey,
        nodeType,
        policy,
        topicClasses,
        ...(policyVersion === undefined ? {} : { policyVersion }),
      },
    };
  }

  function insertOfBatch(productKey: ProductKey, added: readonly NewDevice[], batchId: string | undefined) {
    if (!products.has(productKey)) return "no_product";
    const taken: DeviceName[] = [];
    for (const device of added) {
      const key = deviceKey(device.device);
      if (devices.has(key)) taken.push(device.device.deviceName);
      else devices.set(key, newStoredDevice(device, batchId));
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
    insertOfBatch,
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
      const hasNewRules = change.policy && JSON.stringify(change.policy) !== JSON.stringify(product.policy);
      const policyVersion = (product.policyVersion ?? 0) + 1;
      const changed = { ...product, ...change, ...(hasNewRules ? { policyVersion } : {}) };
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
    async deleteDevice(device) {
      const stored = devices.get(deviceKey(device));
      devices.delete(deviceKey(device));
      return stored && { iotId: stored.iotId };
    },
    async activate(device, iotId, atMs) {
      const stored = devices.get(deviceKey(device));
      if (stored?.iotId !== iotId || stored.activatedAtMs !== undefined) return false;
      replace(device, (same) => ({ ...same, activatedAtMs: atMs }));
      return true;
    },
    async savePresence(changes) {
      for (const change of changes) replace(change.device, (stored) => applyPresence(stored, change));
    },
    async saveSeen(seen) {
      for (const one of seen) replace(one.device, (stored) => applySeen(stored, one));
    },
    async beginRotation(device, next) {
      const changed = replace(device, (stored) => beginRotation(stored, next));
      return changed?.next && { secretVersion: changed.next.secretVersion, firstVersion: changed.secretVersion };
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
    async listSealedSecrets(productKey, { after, limit, batchId }) {
      return devicesOf(productKey)
        .filter(({ device }) => after === undefined || byBytes(device.deviceName, after) > 0)
        .filter((stored) => batchId === undefined || stored.batchId === batchId)
        .slice(0, limit)
        .map(({ device, sealedSecret, next }) => ({
          deviceName: device.deviceName,
          sealedSecret: next?.sealedSecret ?? sealedSecret,
        }));
    },
  };
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
