import { type Refusal, refuse } from "../auth/refusal.ts";
import { type DeviceRef, deviceKey } from "../certificate/names.ts";
import type { Clock } from "../ports/clock.ts";
import { createTokenBuckets, perMinute, perSecond, type Rate, type TokenBuckets } from "./token-buckets.ts";

/** How often devices may do what, in one process (wire-format 10). 0 is no limit. */
export interface RateSettings {
  /** Logins of one device, a minute. */
  readonly deviceLoginsPerMinute: number;
  /** Logins of all devices of one product, a second. */
  readonly productLoginsPerSecond: number;
  /** Messages that one device sends, a second. */
  readonly deviceQos0PerSecond: number;
  readonly deviceQos1PerSecond: number;
  /** Messages that all devices of one product send, a second. */
  readonly productMessagesPerSecond: number;
  /** Messages that one device gets, a second. */
  readonly deviceDownlinkPerSecond: number;
}

/** No limits. */
export const NO_RATES: RateSettings = {
  deviceLoginsPerMinute: 0,
  productLoginsPerSecond: 0,
  deviceQos0PerSecond: 0,
  deviceQos1PerSecond: 0,
  productMessagesPerSecond: 0,
  deviceDownlinkPerSecond: 0,
};

/** The rates of devices that proved themselves, and of their products. */
export interface Rates {
  /** Counts a login, or refuses it. Only after the device has proved itself: anybody could use its rate up otherwise. */
  takeLogin(device: DeviceRef): Refusal | undefined;
  /**
   * Counts a registration that is signed with the product's secret, or refuses it: as often as logins may come, but beside them, since whoever has
   * that secret is not the device.
   */
  takeRegistration(device: DeviceRef): Refusal | undefined;
  /**
   * Counts a message that a device sends.
   *
   * @param how.waits it is counted also when it comes too soon, and its sender waits.
   * @returns ms until it may be taken; 0: now. Above 0 it is not counted, unless it `waits`.
   */
  takeUplink(device: DeviceRef, how: { qos: 0 | 1; waits: boolean }): number;
  /** Counts messages to a device. @returns how many of `count` it may get now. */
  takeDownlink(device: DeviceRef, count: number): number;
  /** ms until the device may get one more; 0: now. */
  downlinkWaitMs(device: DeviceRef): number;
}

const MAX_KEYS = 100_000;

/** What counts for one thing that is limited. */
interface Counted {
  readonly key: string;
  readonly rate: Rate;
}

/** Makes the rates of one process. A rate that is off costs nothing; the others cost one number for each device that is using its rate up. */
export function createRates({ clock, settings }: { clock: Clock; settings: RateSettings }): Rates {
  const ofDevices = createTokenBuckets({ clock, maxKeys: MAX_KEYS });
  const uplink = [settings.deviceQos0PerSecond, settings.deviceQos1PerSecond] as const;

  /** @returns ms until all of it may happen; above 0 nothing is taken, unless `owing`. */
  function take(counted: readonly Counted[], owing: boolean): number {
    const waitMs = Math.max(0, ...counted.map(({ key, rate }) => ofDevices.waitMs(key, rate)));
    if (waitMs === 0 || owing) for (const { key, rate } of counted) ofDevices.take(key, rate);
    return waitMs;
  }

  /** @param kind of what is counted, so that each has its own. */
  function takeLogin(device: DeviceRef, kind: string): Refusal | undefined {
    const { deviceLoginsPerMinute, productLoginsPerSecond } = settings;
    const waitMs = take(
      [
        ...limit(`${kind} ${deviceKey(device)}`, deviceLoginsPerMinute, perMinute),
        ...limit(`${kind} ${device.productKey}`, productLoginsPerSecond, perSecond),
      ],
      false,
    );
    if (waitMs === 0) return undefined;
    return refuse("throttled", "over the logins of its device or product", { retryAfterMs: waitMs });
  }

  return {
    takeLogin: (device) => takeLogin(device, "l"),
    takeRegistration: (device) => takeLogin(device, "r"),
    takeUplink(device, { qos, waits }) {
      const { productMessagesPerSecond } = settings;
      if (uplink[qos] === 0 && productMessagesPerSecond === 0) return 0;
      const ofDevice = limit(`${qos} ${deviceKey(device)}`, uplink[qos], perSecond);
      const ofProduct = limit(`m ${device.productKey}`, productMessagesPerSecond, perSecond);
      return take([...ofDevice, ...ofProduct], waits);
    },
    takeDownlink(device, count) {
      const [counted] = downlinkOf(device);
      if (!counted) return count;
      return takeSome(ofDevices, counted, count);
    },
    downlinkWaitMs(device) {
      const [counted] = downlinkOf(device);
      return counted ? ofDevices.waitMs(counted.key, counted.rate) : 0;
    },
  };

  function downlinkOf(device: DeviceRef): readonly Counted[] {
    return limit(`d ${deviceKey(device)}`, settings.deviceDownlinkPerSecond, perSecond);
  }
}

/** Nothing where there is no limit. */
function limit(key: string, count: number, rateOf: (count: number) => Rate): readonly Counted[] {
  return count === 0 ? [] : [{ key, rate: rateOf(count) }];
}

function takeSome(buckets: TokenBuckets, { key, rate }: Counted, count: number): number {
  let given = 0;
  while (given < count && buckets.waitMs(key, rate) === 0) {
    buckets.take(key, rate);
    given += 1;
  }
  return given;
}
