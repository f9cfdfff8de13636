import type { DeviceRef } from "@trine/core/certificate";
import { DEADLOCK_DETECTED, sqlState } from "../database/sql-fault.ts";

const TRIES = 5;

/** Rows in the order of their keys: two processes that write the same devices then wait for each other one way only. */
export function inDeviceOrder<Row extends DeviceRef>(rows: readonly Row[]): readonly Row[] {
  return rows.toSorted((a, b) => byBytes(a.productKey, b.productKey) || byBytes(a.deviceName, b.deviceName));
}

/**
 * Runs a statement that writes many devices. The database takes them in the order in which they are given, as a rule but not by promise:
 * of two processes that lock up it ends one, whose statement has done nothing then and is run again.
 */
export async function retryDeadlock<T>(write: () => Promise<T>): Promise<T> {
  for (let left = TRIES - 1; ; left -= 1) {
    try {
      return await write();
    } catch (error) {
      if (left === 0 || sqlState(error) !== DEADLOCK_DETECTED) throw error;
    }
  }
}

function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
