import { type ProductKey, parseDeviceName } from "@trine/core/certificate";
import type { DeviceCertificate, Devices, Products } from "@trine/core/registry";
import { isProblem } from "@trine/core/registry";

const ACTOR = { name: "first-start", peer: "local" };
const PRODUCT_NAME = "demo";

/** The protocols that get a device of their own in the demo product. */
export const DEMO_PROTOCOLS = ["mqtt", "http", "coap"] as const;

export type DemoProtocol = (typeof DEMO_PROTOCOLS)[number];

/** Certificates of the demo devices, by protocol. */
export type DemoCertificates = Readonly<Record<DemoProtocol, DeviceCertificate>>;

/**
 * Makes the product `demo` with a device per protocol if there is no product at all, so that the first start has something to
 * try; on later starts finds it again.
 *
 * @returns `undefined` when the operator has products and none of them is the demo (any more).
 */
export async function findOrMakeDemo(operators: {
  products: Products;
  devices: Devices;
}): Promise<DemoCertificates | undefined> {
  const { products } = operators;
  const page = await products.list({ limit: 100 });
  if (isProblem(page)) return undefined;
  const existing = page.items.find(({ name }) => name === PRODUCT_NAME);
  if (existing) return readCertificates(operators, existing.productKey);
  if (page.items.length > 0) return undefined;
  const made = await products.create(ACTOR, { name: PRODUCT_NAME });
  if (isProblem(made)) return undefined;
  for (const protocol of DEMO_PROTOCOLS) {
    await operators.devices.add(ACTOR, made.product.productKey, {
      deviceName: demoName(protocol),
      nickname: `Demo over ${protocol}`,
    });
  }
  return readCertificates(operators, made.product.productKey);
}

async function readCertificates(
  { devices }: { devices: Devices },
  productKey: ProductKey,
): Promise<DemoCertificates | undefined> {
  const found: Partial<Record<DemoProtocol, DeviceCertificate>> = {};
  for (const protocol of DEMO_PROTOCOLS) {
    const deviceName = parseDeviceName(demoName(protocol));
    const certificate = deviceName && (await devices.certificate(ACTOR, { productKey, deviceName }));
    if (!certificate || isProblem(certificate)) return undefined;
    found[protocol] = certificate;
  }
  return found as DemoCertificates;
}

function demoName(protocol: DemoProtocol): string {
  return `demo-${protocol}`;
}
