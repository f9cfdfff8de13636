import { isRefusal } from "@trine/core/auth";
import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { DeviceCarrier } from "@trine/core/ports";
import type { ServiceHost } from "../contracts.ts";
import { LOGIN_CODES, type TopologyCode } from "./codes.ts";
import type { SubLogin } from "./parse-sub-login.ts";
import type { TopologyStore } from "./store.ts";
import { isSame } from "./topology.ts";

/** A gateway, and the connection of it that a message came in on. */
export interface GatewayLine {
  readonly gateway: DeviceRef;
  readonly carrier: DeviceCarrier;
}

/** Logs devices in behind their gateways. */
export interface SubLogins {
  /** @returns for each device, in order, 200 or why it is not in (wire-format 7.3). A device that is in already is logged in anew. */
  login(line: GatewayLine, logins: readonly SubLogin[]): Promise<readonly (TopologyCode | 200)[]>;
  /** @returns the same for what ends (wire-format 7.4). */
  logout(line: GatewayLine, devices: readonly DeviceRef[]): Promise<readonly (TopologyCode | 200)[]>;
}

interface Deps {
  readonly host: Pick<ServiceHost, "lookup">;
  readonly store: Pick<TopologyStore, "gatewaysOf">;
  /** Devices that are logged in behind one gateway. */
  readonly most: number;
}

export function createSubLogins({ host, store, most }: Deps): SubLogins {
  async function join({ carrier }: GatewayLine, { device, proof, ...how }: SubLogin): Promise<TopologyCode | 200> {
    if (!proof) return LOGIN_CODES.bad_credentials;
    if (carrier.size >= most) return 428;
    const session = await carrier.join({ device, ...proof, ...how });
    return isRefusal(session) ? LOGIN_CODES[session.code] : 200;
  }

  async function whyNotBehind(device: DeviceRef): Promise<TopologyCode> {
    return (await host.lookup.findCredentials(device)) ? 6401 : 6100;
  }

  return {
    async login(line, logins) {
      const { gateway, carrier } = line;
      const devices = logins.map(({ device }) => device);
      const before = await store.gatewaysOf(devices);
      const codes = await Promise.all(
        logins.map(async (login) =>
          isSame(before.get(deviceKey(login.device)), gateway) ? join(line, login) : whyNotBehind(login.device),
        ),
      );
      // Whoever takes a device away meanwhile ends its sessions before or after this: one of both sees the other.
      const after = await store.gatewaysOf(devices.filter((_, at) => codes[at] === 200));
      return Promise.all(
        codes.map(async (code, at) => {
          const device = devices[at];
          if (code !== 200 || !device || isSame(after.get(deviceKey(device)), gateway)) return code;
          await carrier.leave(device, "parted");
          return 6401;
        }),
      );
    },
    logout: ({ carrier }, devices) =>
      Promise.all(devices.map(async (device) => ((await carrier.leave(device, "logged_out")) ? 200 : 520))),
  };
}
