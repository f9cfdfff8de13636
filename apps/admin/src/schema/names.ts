import { type DeviceRef, parseDeviceName, parseProductKey } from "@trine/core/certificate";
import { z } from "zod";
import { notFound } from "../problem-reply.ts";

/** Path parameters of a product. */
export const productParams = z.object({ productKey: z.string().describe("ProductKey") });

/** Path parameters of a device. */
export const deviceParams = productParams.extend({ deviceName: z.string().describe("DeviceName") });

/** RFC 9457, as every error is answered. */
export const problemBody = z
  .object({
    type: z.string(),
    status: z.int(),
    code: z.string().describe("Stable."),
    title: z.string(),
    detail: z.string().optional(),
    field: z.string().optional().describe("The field that is wrong."),
    errors: z.array(z.object({ field: z.string(), message: z.string() })).optional(),
  })
  .describe("Problem details, `application/problem+json`.");

/** A productKey of the path; a text that can be none names no product. */
export function productOfPath({ productKey }: z.output<typeof productParams>) {
  const parsed = parseProductKey(productKey);
  if (!parsed) throw notFound("product_not_found", "There is no such product");
  return parsed;
}

/** A device of the path; texts that can be none name no device. */
export function deviceOfPath(params: z.output<typeof deviceParams>): DeviceRef {
  const deviceName = parseDeviceName(params.deviceName);
  if (!deviceName) throw notFound("device_not_found", "There is no such device");
  return { productKey: productOfPath(params), deviceName };
}
