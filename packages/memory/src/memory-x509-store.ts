import { type DeviceRef, deviceKey, ownAuthorityContext, type ProductKey } from "@trine/core/certificate";
import {
  InvalidCursorError,
  type SealedRow,
  type SealedRows,
  type X509AuthorityRecord,
  type X509ListKey,
  type X509OwnAuthority,
  type X509Record,
  type X509Serial,
  type X509Store,
} from "@trine/core/ports";
import type { MemoryDeviceRegistry } from "./memory-device-registry.ts";

/** A certificate as it is kept: it goes with its device. */
interface Stored extends X509Record {
  readonly iotId: string;
  /** The most urgent level at which its end was told. */
  readonly toldLevel: number;
}

interface Revoked {
  readonly revokedAtMs: number;
  readonly why: string;
}

/** With what of it is sealed. */
export interface MemoryX509Store extends X509Store {
  readonly sealedRows: SealedRows;
}

/** Keeps certificates until the process ends. For tests. */
export function createMemoryX509Store({ registry }: { registry: MemoryDeviceRegistry }): MemoryX509Store {
  const certificates = new Map<string, Stored>();
  const authorities = new Map<string, X509AuthorityRecord>();
  /** By `listName`, by serial number. */
  const revoked = new Map<string, Map<string, Revoked>>();
  let own: X509OwnAuthority | undefined;

  const iotIdOf = (device: DeviceRef) => registry.credentialsOf(device)?.iotId;

  function findStored(fingerprint: string): Stored | undefined {
    const stored = certificates.get(fingerprint);
    if (!stored || iotIdOf(stored.device) === stored.iotId) return stored;
    certificates.delete(fingerprint);
    return undefined;
  }

  const allStored = () => [...certificates.keys()].map(findStored).filter((stored) => stored !== undefined);

  function revokeStored(stored: Stored, { atMs, why }: { atMs: number; why: string }): void {
    certificates.set(stored.fingerprint, { ...stored, revokedAtMs: atMs, revokedWhy: why });
    registry.raiseX509Version({ device: stored.device });
  }

  const listedOf = (productKey: ProductKey, serialNumbers: readonly string[]) =>
    [...revoked].flatMap(([name, serials]) => {
      const [ofProduct, issuerKeyHash = ""] = name.split("/");
      if (ofProduct !== productKey) return [];
      return serialNumbers.filter((each) => serials.has(each)).map((serialNumber) => ({ issuerKeyHash, serialNumber }));
    });

  const authoritiesOf = (productKey: ProductKey) =>
    [...authorities.values()]
      .filter((authority) => authority.productKey === productKey)
      .toSorted((a, b) => (a.fingerprint < b.fingerprint ? -1 : 1));

  function ending(): readonly (Stored & { endsAtMs: number })[] {
    const used = allStored().flatMap((stored) =>
      stored.seen && stored.firstUsedAtMs !== undefined && stored.revokedAtMs === undefined
        ? [{ ...stored, endsAtMs: stored.seen.notAfterMs }]
        : [],
    );
    const last = new Map<string, number>();
    for (const { device, endsAtMs } of used)
      last.set(deviceKey(device), Math.max(endsAtMs, last.get(deviceKey(device)) ?? endsAtMs));
    return used.filter(({ device, endsAtMs }) => endsAtMs === last.get(deviceKey(device)));
  }

  return {
    sealedRows: {
      place: "x509_own_authority",
      count: async () => (own ? 1 : 0),
      list: async ({ after }) => ({ rows: own && after === undefined ? [sealedRowOf(own)] : [] }),
      async replace(changes) {
        const change = changes.find(({ row }) => row.sealed === own?.sealedKey);
        if (!own || !change) return 0;
        own = { ...own, sealedKey: change.to };
        return 1;
      },
    },
    async findStanding({ fingerprint, names, serialNumbers }) {
      const stored = findStored(fingerprint);
      const device = stored?.device ?? names;
      const credentials = device && registry.credentialsOf(device);
      return {
        ...(stored ? { known: stored } : {}),
        ...(credentials ? { credentials } : {}),
        authorities: device ? authoritiesOf(device.productKey).map(({ der }) => der) : [],
        revoked: device ? listedOf(device.productKey, serialNumbers) : [],
      };
    },
    async insert(record) {
      const iotId = iotIdOf(record.device);
      if (iotId === undefined) return "no_device";
      if (findStored(record.fingerprint)) return "taken";
      certificates.set(record.fingerprint, { ...record, iotId, toldLevel: Number.POSITIVE_INFINITY });
      return "inserted";
    },
    async noteFirstUse(record) {
      const iotId = iotIdOf(record.device);
      if (iotId === undefined) return;
      const stored = findStored(record.fingerprint);
      if (stored && (deviceKey(stored.device) !== deviceKey(record.device) || stored.firstUsedAtMs !== undefined))
        return;
      const { firstUsedAtMs, seen } = record;
      const known = stored ?? { ...record, iotId, toldLevel: Number.POSITIVE_INFINITY };
      certificates.set(record.fingerprint, { ...known, seen, firstUsedAtMs });
    },
    async find(fingerprint) {
      const stored = findStored(fingerprint);
      return stored && recordOf(stored);
    },
    async list(device) {
      const all = allStored();
      return all
        .filter((stored) => deviceKey(stored.device) === deviceKey(device))
        .toSorted((a, b) => b.createdAtMs - a.createdAtMs || (a.fingerprint < b.fingerprint ? -1 : 1))
        .map(recordOf);
    },
    async revoke(device, fingerprint, how) {
      const stored = findStored(fingerprint);
      if (!stored || deviceKey(stored.device) !== deviceKey(device) || stored.revokedAtMs !== undefined) return false;
      revokeStored(stored, how);
      return true;
    },
    async insertAuthority(authority) {
      if (!(await registry.findProduct(authority.productKey))) return "no_product";
      const key = `${authority.productKey}/${authority.fingerprint}`;
      if (authorities.has(key)) return "taken";
      authorities.set(key, authority);
      return "inserted";
    },
    listAuthorities: async (productKey) => authoritiesOf(productKey),
    async deleteAuthority(productKey, fingerprint) {
      if (!authorities.delete(`${productKey}/${fingerprint}`)) return false;
      registry.raiseX509Version({ productKey });
      return true;
    },
    async revokeSerials(issuer, serialNumbers, how) {
      if (!(await registry.findProduct(issuer.productKey))) return "no_product";
      const list = revoked.get(listName(issuer)) ?? new Map<string, Revoked>();
      revoked.set(listName(issuer), list);
      for (const serialNumber of serialNumbers)
        if (!list.has(serialNumber)) list.set(serialNumber, { revokedAtMs: how.atMs, why: how.why });
      const { productKey, issuerKeyHash } = issuer;
      const meant = allStored().filter(
        (stored) =>
          stored.device.productKey === productKey &&
          serialsOf(stored).some(
            (each) => each.issuerKeyHash === issuerKeyHash && serialNumbers.includes(each.serialNumber),
          ),
      );
      for (const stored of meant) if (stored.revokedAtMs === undefined) revokeStored(stored, how);
      return [...new Map(meant.map(({ device }) => [deviceKey(device), device])).values()];
    },
    async listRevoked(issuer, { limit, cursor }) {
      if (cursor !== undefined && !/^>[0-9a-f]{1,42}$/.test(cursor)) throw new InvalidCursorError();
      const after = cursor?.slice(1) ?? "";
      const rest = [...(revoked.get(listName(issuer)) ?? [])]
        .map(([serialNumber, facts]) => ({ serialNumber, ...facts }))
        .filter(({ serialNumber }) => serialNumber > after)
        .toSorted((a, b) => (a.serialNumber < b.serialNumber ? -1 : 1));
      const items = rest.slice(0, limit);
      const last = items.at(-1);
      return { items, ...(last && rest.length > limit ? { nextCursor: `>${last.serialNumber}` } : {}) };
    },
    findOwnAuthority: async () => own,
    async keepOwnAuthority(authority) {
      own ??= authority;
      return own;
    },
    async listEnding({ beforeMs, level }, limit) {
      return ending()
        .filter(({ endsAtMs, toldLevel }) => endsAtMs < beforeMs && toldLevel > level)
        .toSorted((a, b) => a.endsAtMs - b.endsAtMs)
        .slice(0, limit)
        .map(({ fingerprint, device, iotId, endsAtMs }) => ({ fingerprint, device, iotId, notAfterMs: endsAtMs }));
    },
    async noteEndingTold(fingerprint, level) {
      const stored = findStored(fingerprint);
      if (!stored || stored.toldLevel <= level) return false;
      certificates.set(fingerprint, { ...stored, toldLevel: level });
      return true;
    },
    async forgetEnded(beforeMs, limit) {
      const ended = allStored()
        .filter(({ seen }) => seen && seen.notAfterMs < beforeMs)
        .slice(0, limit);
      for (const { fingerprint } of ended) certificates.delete(fingerprint);
      return ended.length;
    },
    async countEnding(beforeMs) {
      const all = ending();
      return beforeMs.map((before) => all.filter(({ endsAtMs }) => endsAtMs < before).length);
    },
  };
}

/** Neither part holds a slash. */
function listName({ productKey, issuerKeyHash }: X509ListKey): string {
  return `${productKey}/${issuerKeyHash}`;
}

/** Every certificate that it stands and falls with. */
function serialsOf({ issuerKeyHash, seen, intermediates = [] }: X509Record): readonly X509Serial[] {
  if (issuerKeyHash === undefined || !seen) return intermediates;
  return [{ issuerKeyHash, serialNumber: seen.serialNumber }, ...intermediates];
}

function sealedRowOf({ fingerprint, sealedKey }: X509OwnAuthority): SealedRow {
  return { key: fingerprint, sealed: sealedKey, context: ownAuthorityContext(fingerprint) };
}

function recordOf({ iotId: _, toldLevel: __, ...record }: Stored): X509Record {
  return record;
}
