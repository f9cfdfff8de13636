import type { DeviceCertificate } from "@trine/device";
import type { OperatorApi } from "./operator-api.ts";

/** Makes a product. */
export async function makeProduct(api: OperatorApi, name = "thermometers"): Promise<string> {
  const { productKey } = await api.call<{ productKey: string }>("POST", "/v1/products", { name });
  return productKey;
}

/** Adds a device and takes its certificate from the answer. */
export async function addDevice(api: OperatorApi, productKey: string, deviceName?: string): Promise<DeviceCertificate> {
  const added = await api.call<DeviceCertificate>(
    "POST",
    `/v1/products/${productKey}/devices`,
    deviceName ? { deviceName } : {},
  );
  return { productKey, deviceName: added.deviceName, deviceSecret: added.deviceSecret };
}

/** A topic of a device. */
export function topicOf({ productKey, deviceName }: DeviceCertificate, suffix: string): string {
  return `/${productKey}/${deviceName}/${suffix}`;
}

/** Waits until something is so, asking again and again: for what an API shows a moment later. */
export async function eventually<T>(
  ask: () => Promise<T>,
  isSo: (answer: T) => boolean,
  withinMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (isSo(answer)) return answer;
    if (Date.now() > deadline) throw new Error(`it did not become so within ${withinMs} ms: ${JSON.stringify(answer)}`);
    await new Promise((done) => setTimeout(done, 50));
  }
}
