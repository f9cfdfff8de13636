import type { DeviceRef } from "@trine/core/certificate";
import type { PendingLogin } from "./pending-login.ts";

/** Logins of devices that are known by their certificate only. Until that is read, everything that happens may have happened to them. */
export interface NamelessLogins {
  add(login: PendingLogin): void;
  delete(login: PendingLogin): void;
  /** Something happened to the devices that `concerns` holds of: `apply` does to a login of theirs what it means for it. */
  note(concerns: (device: DeviceRef) => boolean, apply: (login: PendingLogin) => void): void;
  /** The login has a name now: what happened to that device counts for it. */
  name(login: PendingLogin, device: DeviceRef): void;
}

type Event = (login: PendingLogin, device: DeviceRef) => void;

export function createNamelessLogins(): NamelessLogins {
  const eventsByLogin = new Map<PendingLogin, Event[]>();
  return {
    add(login) {
      eventsByLogin.set(login, []);
    },
    delete(login) {
      eventsByLogin.delete(login);
    },
    note(concerns, apply) {
      for (const events of eventsByLogin.values()) events.push((login, device) => concerns(device) && apply(login));
    },
    name(login, device) {
      for (const happened of eventsByLogin.get(login) ?? []) happened(login, device);
      eventsByLogin.delete(login);
    },
  };
}
