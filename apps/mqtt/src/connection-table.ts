import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { SessionHolder } from "@trine/core/messaging";
import type { RevocationTarget } from "@trine/core/ports";
import type { DeviceConnection } from "./device-connection.ts";
import { createNamelessLogins } from "./nameless-logins.ts";
import type { PendingLogin } from "./pending-login.ts";

/** The connections of this process. A device may have two for the moment in which the newer takes over. */
export interface ConnectionTable extends Omit<SessionHolder, "closeAll"> {
  /** Notes that a device is logging in, maybe one whose name is not known yet. */
  expect(device: DeviceRef | undefined): PendingLogin;
  /** Notes whose login it is, if that was not known. */
  name(login: PendingLogin, device: DeviceRef): void;
  /** The login was refused. */
  giveUp(login: PendingLogin): void;
  /** The login was accepted. @returns false when the connection must not live, because of what happened meanwhile. */
  admit(login: PendingLogin, connection: DeviceConnection): boolean;
  remove(connection: DeviceConnection): void;
}

interface Entry {
  /** In order of their epochs. */
  connections: readonly DeviceConnection[];
  logins: readonly PendingLogin[];
}

/** Makes an empty table. Entries are told apart by the connection itself, never by the device alone. */
export function createConnectionTable(): ConnectionTable {
  const entries = new Map<string, Entry>();
  const nameless = createNamelessLogins();
  const newest = (device: DeviceRef) => entries.get(deviceKey(device))?.connections.at(-1);

  function change(device: DeviceRef, how: (entry: Entry) => Entry): void {
    const key = deviceKey(device);
    const entry = how(entries.get(key) ?? { connections: [], logins: [] });
    if (entry.connections.length + entry.logins.length > 0) entries.set(key, entry);
    else entries.delete(key);
  }

  function matching(target: RevocationTarget): readonly Entry[] {
    if ("productKey" in target) {
      const prefix = `${target.productKey}/`;
      return [...entries].flatMap(([key, entry]) => (key.startsWith(prefix) ? [entry] : []));
    }
    const entry = entries.get(deviceKey(target.device));
    return entry ? [entry] : [];
  }

  function enter(login: PendingLogin, device: DeviceRef): void {
    login.device = device;
    change(device, (entry) => ({ ...entry, logins: [...entry.logins, login] }));
  }

  function giveUp(login: PendingLogin): void {
    nameless.delete(login);
    if (login.device)
      change(login.device, (entry) => ({ ...entry, logins: entry.logins.filter((each) => each !== login) }));
  }

  return {
    expect(device) {
      const login = { device, revokedBelow: 0, closedThrough: Number.NEGATIVE_INFINITY };
      if (device) enter(login, device);
      else nameless.add(login);
      return login;
    },
    name(login, device) {
      if (login.device) return;
      enter(login, device);
      nameless.name(login, device);
    },
    giveUp,
    admit(login, connection) {
      giveUp(login);
      if (isRevoked(login, connection) || connection.epoch <= login.closedThrough) return false;
      const { device } = connection.session;
      change(device, (entry) => ({ ...entry, connections: [...entry.connections, connection].sort(byEpoch) }));
      return true;
    },
    remove(connection) {
      change(connection.session.device, (entry) => ({
        ...entry,
        connections: entry.connections.filter((each) => each !== connection),
      }));
    },
    async close(target, { minSecretVersion = Number.POSITIVE_INFINITY } = {}) {
      const matched = matching(target);
      const revoke = (login: PendingLogin) => {
        login.revokedBelow = Math.max(login.revokedBelow, minSecretVersion);
      };
      for (const login of matched.flatMap(({ logins }) => logins)) revoke(login);
      nameless.note((device) => covers(target, device), revoke);
      const connections = matched
        .flatMap((entry) => entry.connections)
        .filter(({ session }) => session.secretVersion < minSecretVersion);
      const closed = cutAll(connections, "revoked");
      // A device that left just now may have messages waiting, and must not have them stored any more.
      for (const { link } of connections) link.cut("revoked");
      return closed;
    },
    *held() {
      for (const { connections } of entries.values()) {
        const connection = connections.at(-1);
        if (connection) yield connection;
      }
    },
    async closeOlder(device, epoch, only) {
      const { connections, logins } = entries.get(deviceKey(device)) ?? { connections: [], logins: [] };
      const older = connections.filter((connection) => connection.epoch <= epoch);
      if (only) return cutAll(older.filter(isCarriedBy(only.carriedBy)), "parted");
      const close = (login: PendingLogin) => {
        login.closedThrough = Math.max(login.closedThrough, epoch);
      };
      for (const login of logins) close(login);
      nameless.note((other) => deviceKey(other) === deviceKey(device), close);
      return cutAll(older, "taken_over");
    },
    wake: (device) => newest(device)?.pump.run(),
    wakeAll() {
      // Every device here has a connection, and those are looked after one by one.
    },
    deliver(device, { topic, payload }) {
      const connection = newest(device);
      return connection?.filters.covers(topic) === true && connection.wire.publishQos0(topic, payload);
    },
  };
}

/** Whether a login that was accepted meanwhile falls under a revocation of its device. */
export function isRevoked({ revokedBelow }: PendingLogin, { session }: DeviceConnection): boolean {
  return session.secretVersion < revokedBelow;
}

function covers(target: RevocationTarget, device: DeviceRef): boolean {
  return "productKey" in target
    ? target.productKey === device.productKey
    : deviceKey(target.device) === deviceKey(device);
}

function isCarriedBy(device: DeviceRef): (connection: DeviceConnection) => boolean {
  return ({ link: { carriedBy } }) => carriedBy !== undefined && deviceKey(carriedBy) === deviceKey(device);
}

function byEpoch(one: DeviceConnection, other: DeviceConnection): number {
  return one.epoch - other.epoch;
}

function cutAll(connections: readonly DeviceConnection[], why: string): number {
  const open = connections.filter(({ link }) => !link.isGone);
  for (const { link } of open) link.cut(why);
  return open.length;
}
