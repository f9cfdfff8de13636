import {
  type DeviceRef,
  deviceSecretContext,
  type ProductKey,
  productSecretContext,
  productSeedContext,
  type SealContext,
} from "@trine/core/certificate";
import type { ProductRecord, SealedRow, SealedRows } from "@trine/core/ports";
import type { StoredDevice } from "./stored-device.ts";

/** A row with secrets: their columns, and how to change one. */
interface Row {
  readonly name: string;
  readonly sealed: readonly { column: string; text: string | undefined; context: SealContext }[];
  set(column: string, text: string): void;
}

/** What is sealed among products and devices. */
export function createMemorySealedRows(
  products: Map<ProductKey, ProductRecord>,
  devices: Map<string, StoredDevice>,
): readonly SealedRows[] {
  return [
    sealedRows("products", () => [...products.values()].map((product) => productRow(products, product))),
    sealedRows("devices", () => [...devices].map(([key, stored]) => deviceRow(devices, { key, stored }))),
  ];
}

function productRow(products: Map<ProductKey, ProductRecord>, product: ProductRecord): Row {
  const { productKey, sealedSecret, sealedSeed } = product;
  return {
    name: productKey,
    sealed: [
      { column: "sealedSecret", text: sealedSecret, context: productSecretContext(productKey) },
      { column: "sealedSeed", text: sealedSeed, context: productSeedContext(productKey) },
    ],
    set: (column, text) => products.set(productKey, { ...product, [column]: text }),
  };
}

function deviceRow(devices: Map<string, StoredDevice>, { key, stored }: { key: string; stored: StoredDevice }): Row {
  const { device, next } = stored;
  const context = (of: DeviceRef, version: number | undefined) => deviceSecretContext(of, version ?? 0);
  return {
    name: key,
    sealed: [
      { column: "first", text: stored.sealedSecret, context: context(device, stored.secretVersion) },
      { column: "second", text: next?.sealedSecret, context: context(device, next?.secretVersion) },
    ],
    set(column, text) {
      const second = next ? { ...next, sealedSecret: text } : next;
      devices.set(key, column === "first" ? { ...stored, sealedSecret: text } : { ...stored, next: second });
    },
  };
}

function sealedRows(place: string, all: () => readonly Row[]): SealedRows {
  const sorted = () => all().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const secretsOf = (row: Row): readonly SealedRow[] =>
    row.sealed.flatMap(({ column, text, context }) =>
      text === undefined ? [] : [{ key: `${row.name} ${column}`, sealed: text, context }],
    );
  return {
    place,
    count: async () => all().flatMap(secretsOf).length,
    async list({ after = "", limit }) {
      const rest = sorted().filter(({ name }) => name > after);
      const page = rest.slice(0, limit);
      const last = page.at(-1);
      const next = last && rest.length > limit ? { next: last.name } : {};
      return { rows: page.flatMap(secretsOf), ...next };
    },
    async replace(changes) {
      let replaced = 0;
      for (const { row, to } of changes) {
        const [name, column = ""] = row.key.split(" ");
        const found = all().find((each) => each.name === name);
        if (found?.sealed.find((each) => each.column === column)?.text !== row.sealed) continue;
        found.set(column, to);
        replaced += 1;
      }
      return replaced;
    },
  };
}
