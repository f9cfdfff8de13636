import { createHash } from "node:crypto";
import { computeMac, Secret, stringToSign } from "@trine/core/certificate";

/** A device of a benchmark, as the production line would know it. */
export interface BenchDevice {
  readonly productKey: string;
  readonly deviceName: string;
  readonly deviceSecret: string;
}

/** The product of the floors: they know their devices without being told. */
export const FLOOR_PRODUCT = "a1benchmark";

/** Devices whose secrets both sides can work out, for the floors. */
export function floorDevices(count: number): readonly BenchDevice[] {
  return Array.from({ length: count }, (_, index) => {
    const deviceName = `bench_${index}`;
    return { productKey: FLOOR_PRODUCT, deviceName, deviceSecret: createHash("md5").update(deviceName).digest("hex") };
  });
}

/** The signed fields of a login and their MAC, in hex. */
export function signBench({ productKey, deviceName, deviceSecret }: BenchDevice): { clientId: string; sign: string } {
  const clientId = `${productKey}.${deviceName}`;
  const text = stringToSign({ clientId, deviceName, productKey });
  return { clientId, sign: computeMac("hmacsha256", new Secret(deviceSecret), text).toString("hex") };
}
