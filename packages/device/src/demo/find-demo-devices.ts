import type { DeviceCertificate } from "../device-certificate.ts";
import type { AdminApi } from "./admin-api.ts";
import type { DemoPorts } from "./demo-settings.ts";

const PRODUCT_NAME = "demo";

/** Finds the product `demo` and its device `demo-PROTOCOL`, or makes what is missing. */
export async function findDemoDevice(
  api: AdminApi,
  productKey: string,
  protocol: keyof DemoPorts,
): Promise<DeviceCertificate> {
  const devices = `/v1/products/${productKey}/devices`;
  const deviceName = `demo-${protocol}`;
  if (!(await api.find(`${devices}/${deviceName}`))) {
    await api.call("POST", devices, { deviceName, nickname: `Demo over ${protocol}` });
  }
  const certificate = await api.find<DeviceCertificate>(`${devices}/${deviceName}/certificate`);
  if (!certificate) throw new Error(`device ${deviceName} was deleted meanwhile`);
  return certificate;
}

/** Finds the product `demo`, or makes it. @returns its productKey. */
export async function findDemoProduct(api: AdminApi): Promise<string> {
  let cursor: string | null | undefined;
  do {
    const query = cursor ? `?limit=100&cursor=${encodeURIComponent(cursor)}` : "?limit=100";
    const page = await api.find<ProductPage>(`/v1/products${query}`);
    const found = page?.items.find(({ name }) => name === PRODUCT_NAME);
    if (found) return found.productKey;
    cursor = page?.nextCursor;
  } while (cursor);
  const made = await api.call<{ productKey: string }>("POST", "/v1/products", { name: PRODUCT_NAME });
  return made.productKey;
}

interface ProductPage {
  readonly items: readonly { readonly productKey: string; readonly name: string }[];
  readonly nextCursor?: string | null;
}
