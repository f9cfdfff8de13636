import { SIGN_METHODS, type SignMethod } from "@trine/core/certificate";
import type { Product } from "@trine/core/registry";
import { instant } from "@trine/services/rest";
import { z } from "zod";
import { revokedBody } from "./devices.ts";

const signMethod = z.enum(Object.keys(SIGN_METHODS) as [SignMethod, ...SignMethod[]]);

/** What a product lets its devices do. */
export const policy = z
  .strictObject({
    signMethods: z.array(signMethod).min(1).optional().describe("Sign methods that are believed. Default: all."),
    transports: z
      .array(z.string().min(1).max(32))
      .min(1)
      .optional()
      .describe("Protocols that devices may log in on. Default: all."),
    timestampWindowMs: z
      .record(z.string(), z.int().min(1_000))
      .optional()
      .describe(
        "How far a sent timestamp may be from now, per protocol. Default: unlimited, since most SDKs send a constant.",
      ),
    authType: z
      .enum(["secret", "x509", "both"])
      .optional()
      .describe("What devices prove themselves with: their secret, an X.509 certificate, or either. Default: both."),
    registration: z
      .enum(["off", "listed", "open"])
      .optional()
      .describe(
        "Which devices may register themselves with the ProductSecret: none (default), those that exist and have never logged in, or unknown ones as well, which are added. A change of it alone closes no connection.",
      ),
    onClone: z
      .enum(["report", "refuse_newer", "disable"])
      .optional()
      .describe(
        "What is done when several devices seem to use one certificate: it is told (default), whoever would take a connection over from elsewhere is refused as well, or the device is disabled.",
      ),
    onOtherGateway: z
      .enum(["move", "refuse"])
      .optional()
      .describe(
        "What becomes of a device behind a gateway that another gateway adds: it moves there (default), or stays.",
      ),
  })
  .describe("Absent fields let every known SDK in.");

const secretMode = z
  .enum(["stored", "derived"])
  .describe(
    "stored: each device has a secret of its own, encrypted. derived: secrets are computed from one seed of the product and nothing is stored with a device. For ever.",
  );

export const newProduct = z.strictObject({
  name: z.string().min(1).max(64),
  nodeType: z.enum(["device", "gateway"]).default("device"),
  secretMode: secretMode.default("stored"),
  policy: policy.optional(),
});

const services = z
  .record(z.string(), z.boolean())
  .describe("Device services that are switched, by name (`GET /v1/services`); others are as they are by default.");

export const productChange = z.strictObject({
  name: z.string().min(1).max(64).optional(),
  policy: policy.optional(),
  services: services.optional(),
});

export const topicClass = z.strictObject({
  suffix: z.string().min(1).max(128).describe("What follows `/{productKey}/{deviceName}/`, e.g. `user/update`."),
  permission: z.enum(["pub", "sub", "all"]),
});

export const topicClasses = z.strictObject({ topics: z.array(topicClass).max(50) });

export const productBody = z.object({
  productKey: z.string(),
  name: z.string(),
  nodeType: z.enum(["device", "gateway"]),
  secretMode,
  policy: z.looseObject({}),
  services,
  createdAt: instant,
});

/** What a change closed. */
export const changedProduct = productBody.extend(revokedBody.shape);

export const changedTopics = topicClasses.extend(revokedBody.shape);

export const createdProduct = productBody.extend({ productSecret: z.string() });

/** A product as the API shows it. */
export function showProduct(product: Product): z.output<typeof productBody> {
  const { productKey, name, nodeType, secretMode: mode, policy: given, services: switched = {}, createdAtMs } = product;
  return {
    productKey,
    name,
    nodeType,
    secretMode: mode,
    policy: { ...given },
    services: { ...switched },
    createdAt: new Date(createdAtMs).toISOString(),
  };
}
