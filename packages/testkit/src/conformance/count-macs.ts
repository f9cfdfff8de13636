import crypto from "node:crypto";
import { syncBuiltinESMExports } from "node:module";

/**
 * Runs `work` and counts the HMACs that anything in this process computes meanwhile: a MAC is a function of the core, not a port, so
 * it is counted where the platform makes it.
 */
export async function countMacs<T>(work: () => Promise<T>): Promise<{ outcome: T; macs: number }> {
  const original = crypto.createHmac;
  let macs = 0;
  crypto.createHmac = (...args: Parameters<typeof original>) => {
    macs += 1;
    return original(...args);
  };
  syncBuiltinESMExports();
  try {
    return { outcome: await work(), macs };
  } finally {
    crypto.createHmac = original;
    syncBuiltinESMExports();
  }
}
