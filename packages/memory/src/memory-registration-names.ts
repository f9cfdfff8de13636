import type { ProductKey } from "@trine/core/certificate";
import {
  type DeviceRegistry,
  InvalidCursorError,
  type RegistrationName,
  type RegistrationNames,
} from "@trine/core/ports";

/** Keeps lists of names until the process ends. For tests. */
export function createMemoryRegistrationNames({
  registry,
}: {
  registry: Pick<DeviceRegistry, "findProduct">;
}): RegistrationNames {
  const lists = new Map<ProductKey, readonly RegistrationName[]>();
  return {
    async replace(productKey, { names, prefixes }) {
      if (!(await registry.findProduct(productKey))) return false;
      const list = [
        ...names.map((name) => ({ name, isPrefix: false })),
        ...prefixes.map((name) => ({ name, isPrefix: true })),
      ];
      lists.set(productKey, list.toSorted(byKey));
      return true;
    },
    remove: async (productKey) => lists.delete(productKey),
    async admits({ productKey, deviceName }) {
      const list = lists.get(productKey);
      return !list || list.some(({ name, isPrefix }) => (isPrefix ? deviceName.startsWith(name) : deviceName === name));
    },
    async list(productKey, { limit, cursor }) {
      const list = lists.get(productKey) ?? [];
      const rest = cursor === undefined ? list : list.slice(placeOf(cursor));
      const items = rest.slice(0, limit);
      const next = list.length - rest.length + items.length;
      return { items, ...(rest.length > items.length ? { nextCursor: `>${next}` } : {}) };
    },
  };
}

function placeOf(cursor: string): number {
  if (!/^>\d{1,9}$/.test(cursor)) throw new InvalidCursorError();
  return Number(cursor.slice(1));
}

function byKey(a: RegistrationName, b: RegistrationName): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  return Number(b.isPrefix) - Number(a.isPrefix);
}
