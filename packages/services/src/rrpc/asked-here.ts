import { type DeviceRef, deviceKey } from "@trine/core/certificate";
import type { Timer } from "@trine/core/ports";

/** Who waits for which answers of devices that are connected here. */
export interface AskedHere {
  /** Notes it for `withinMs`. @returns false when as many are noted as may. */
  note(messageId: string, asked: { device: DeviceRef; from: string; withinMs: number }): boolean;
  forget(messageId: string): void;
  /** The node that asked the device this, once. An answer of another device, or one that comes late, has none. */
  take(messageId: string, device: DeviceRef): string | undefined;
}

interface Asked {
  readonly key: string;
  readonly from: string;
  readonly callOff: () => void;
}

/** @param most questions that may be open at once. */
export function createAskedHere(timer: Timer, most: number): AskedHere {
  const asked = new Map<string, Asked>();
  const forget = (messageId: string) => {
    asked.get(messageId)?.callOff();
    asked.delete(messageId);
  };
  return {
    note(messageId, { device, from, withinMs }) {
      if (asked.size >= most) return false;
      const callOff = timer.after(withinMs, () => asked.delete(messageId));
      asked.set(messageId, { key: deviceKey(device), from, callOff });
      return true;
    },
    forget,
    take(messageId, device) {
      const found = asked.get(messageId);
      if (found?.key !== deviceKey(device)) return undefined;
      forget(messageId);
      return found.from;
    },
  };
}
