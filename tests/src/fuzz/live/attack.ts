import type { DeviceCertificate } from "@trine/device";
import type { RandomSource } from "../random-source.ts";

/** One way to be a nuisance to a running gateway. */
export interface Attack {
  /** Port and trick, for the report. */
  readonly name: string;
  /** Makes one input, throws it at the gateway and goes. Never throws for what the gateway does with it. */
  run(random: RandomSource): Promise<void>;
  /** Inputs that are under way at once; default 2. */
  readonly atOnce?: number;
  /** @throws when the attack has become harmless, as with a token that counts no more. */
  close?(): Promise<void>;
}

/** What attackers know: the ports, and certificates of devices of their own. */
export interface Battlefield {
  readonly ports: Readonly<Record<string, number>>;
  readonly devices: readonly [DeviceCertificate, ...DeviceCertificate[]];
  readonly adminKey: string;
}

/** Where attackers come from: limits that count addresses must not take bystanders for them. */
export const ATTACKER = "127.0.0.66";

/** Where the gateway believes what a proxy says of its clients. */
export const TRUSTED_ATTACKER = "127.0.0.67";
