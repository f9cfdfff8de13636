import type { DeviceCertificate } from "@trine/device";
import type { OperatorApi } from "../../operator-api.ts";
import type { RandomSource } from "../random-source.ts";

/** One way to be a nuisance to a running gateway. */
export interface Attack {
  /** Port and trick, for the report. */
  readonly name: string;
  /** Makes one input, throws it at the gateway and goes. Never throws for what the gateway does with it. */
  run(random: RandomSource): Promise<void>;
  close?(): Promise<void>;
}

/** What attackers know: the ports, and certificates of devices of their own. */
export interface Battlefield {
  readonly ports: Readonly<Record<string, number>>;
  readonly devices: readonly [DeviceCertificate, ...DeviceCertificate[]];
  readonly api: OperatorApi;
  readonly adminKey: string;
}

/** Where attackers come from: limits that count addresses must not take bystanders for them. */
export const ATTACKER = "127.0.0.66";
