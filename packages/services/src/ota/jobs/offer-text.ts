import type { Firmware } from "../firmware/firmware-store.ts";
import { DEFAULT_MODULE } from "../names.ts";

/** What a device is told of a firmware (wire-format 8.3). */
export interface OfferData {
  readonly size: number;
  readonly version: string;
  readonly url: string;
  /** SDKs that do not know `signMethod` verify this one. */
  readonly md5: string;
  readonly sign: string;
  readonly signMethod: "SHA256";
  readonly isDiff: 0;
  readonly module?: string;
  readonly extData: Readonly<Record<string, never>>;
}

/** @param url where the device fetches it. */
export function offerData({ size, version, md5, sha256, module }: Firmware, url: string): OfferData {
  return {
    ...{ size, version, url, md5, sign: sha256, signMethod: "SHA256", isDiff: 0 },
    // The vendor leaves out the module of devices that have only one.
    ...(module === DEFAULT_MODULE ? {} : { module }),
    extData: {},
  };
}

/**
 * The message on `/ota/device/upgrade` and the answer on `/ota/device/request`.
 *
 * @param id JSON text.
 */
export function upgradeText(data: OfferData, id: string): Buffer {
  return Buffer.from(`{"code":"1000","data":${JSON.stringify(data)},"id":${id},"message":"success"}`);
}

/** The answer on `/ota/device/request` to a device that there is nothing for, or that is refused. */
export function nothingText(code: 500 | 403, message: string, id: string): Buffer {
  return Buffer.from(`{"code":${code},"data":{},"id":${id},"message":${JSON.stringify(message)}}`);
}
