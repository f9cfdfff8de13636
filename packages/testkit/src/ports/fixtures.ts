import { randomBytes, randomInt } from "node:crypto";
import { type DeviceRef, type ProductKey, parseDeviceRef, parseProductKey } from "@trine/core/certificate";
import type { NewDevice, ProductRecord, UplinkMessage } from "@trine/core/ports";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/** Random letters of both cases and digits. */
export function randomName(length = 11): string {
  let name = "";
  for (let i = 0; i < length; i += 1) name += LETTERS[randomInt(LETTERS.length)];
  return name;
}

/** A productKey that nobody used. */
export function aProductKey(): ProductKey {
  const key = parseProductKey(randomName());
  if (!key) throw new Error("a random productKey is valid");
  return key;
}

/** The names of a device that nobody used. */
export function aDeviceRef(productKey: ProductKey = aProductKey(), deviceName = randomName(16)): DeviceRef {
  const device = parseDeviceRef(productKey, deviceName);
  if (!device) throw new Error(`not a device name: ${deviceName}`);
  return device;
}

/** A product with a random key. */
export function aProduct(given: Partial<ProductRecord> = {}): ProductRecord {
  return {
    productKey: aProductKey(),
    name: "a product",
    nodeType: "device",
    policy: {},
    topicClasses: [],
    sealedSecret: `sealed ${randomName()}`,
    createdAtMs: Date.now(),
    ...given,
  };
}

/** A device of `productKey` with a random name. */
export function aDevice(
  productKey: ProductKey,
  { deviceName, ...given }: Partial<Omit<NewDevice, "device">> & { deviceName?: string } = {},
): NewDevice {
  return {
    device: aDeviceRef(productKey, deviceName),
    iotId: randomName(30),
    sealedSecret: `sealed ${randomName()}`,
    createdAtMs: Date.now(),
    ...given,
  };
}

/** Decimal text of a random 64-bit number. */
export function aMessageId(): string {
  return (randomBytes(8).readBigUInt64BE() >> 1n).toString();
}

/** A message from a device. */
export function anUplink(device: DeviceRef, given: Partial<UplinkMessage> = {}): UplinkMessage {
  return {
    messageId: aMessageId(),
    ...device,
    topic: `/${device.productKey}/${device.deviceName}/user/update`,
    payload: randomBytes(8),
    qos: 1,
    transport: "test",
    receivedAtMs: Date.now(),
    ...given,
  };
}

/** Starts `count` calls at once and waits for all. */
export function atOnce<T>(count: number, call: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => call(index)));
}

/** The numbers from 0 to `count` - 1. */
export function upTo(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}

/** The order that every store lists names in: by bytes, whatever the locale. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
