declare const productKeyBrand: unique symbol;
declare const deviceNameBrand: unique symbol;

/** Names a product: letters and digits, at most 20 (wire-format 1). Only `parseProductKey` makes one. */
export type ProductKey = string & { readonly [productKeyBrand]: true };

/** Names a device within its product: 4 to 32 of letters, digits, `-_@.:` (wire-format 1). Only `parseDeviceName` makes one. */
export type DeviceName = string & { readonly [deviceNameBrand]: true };

/** Names one device of the fleet. */
export interface DeviceRef {
  readonly productKey: ProductKey;
  readonly deviceName: DeviceName;
}

// The vendor issues 11 characters, its SDK buffers hold 20 (wire-format 1).
const PRODUCT_KEY = /^[A-Za-z0-9]{1,20}$/;
const DEVICE_NAME = /^[A-Za-z0-9_@.:-]{4,32}$/;

/** Reads a productKey; `undefined` when the text is none. */
export function parseProductKey(text: string): ProductKey | undefined {
  return PRODUCT_KEY.test(text) ? (text as ProductKey) : undefined;
}

/** Reads a deviceName; `undefined` when the text is none. */
export function parseDeviceName(text: string): DeviceName | undefined {
  return DEVICE_NAME.test(text) ? (text as DeviceName) : undefined;
}

/** Reads both names of a device; `undefined` when either is none. */
export function parseDeviceRef(productKey: string, deviceName: string): DeviceRef | undefined {
  const pk = parseProductKey(productKey);
  const dn = parseDeviceName(deviceName);
  return pk && dn ? { productKey: pk, deviceName: dn } : undefined;
}

/** One text for a device, `productKey/deviceName`: neither alphabet holds a slash, so no two devices share it. */
export function deviceKey({ productKey, deviceName }: DeviceRef): string {
  return `${productKey}/${deviceName}`;
}

/** Reads what `deviceKey` wrote; `undefined` when the text is none. */
export function parseDeviceKey(key: string): DeviceRef | undefined {
  const slash = key.indexOf("/");
  return slash < 0 ? undefined : parseDeviceRef(key.slice(0, slash), key.slice(slash + 1));
}
