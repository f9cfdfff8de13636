import { drawIotId } from "../../certificate/issue.ts";
import type { DeviceCredentials } from "../../ports/device-registry.ts";
import { newSecret } from "../../registry/new-secret.ts";
import { type Refusal, refuse } from "../refusal.ts";
import { noteAdded } from "./note-added.ts";
import type { RegistrationFacts } from "./registrar.ts";
import type { RegistrationDeps } from "./registration-deps.ts";
import type { SignedRequest } from "./verify-signature.ts";

/** A signed request with the device that it is about. */
export interface FoundRequest {
  readonly request: RegistrationFacts;
  readonly credentials: DeviceCredentials;
}

/**
 * Looks the device up; adds one that is unknown, where the product lets such in and its list has the name. Of several that add one name
 * at once, one does, and the others find it.
 */
export async function findOrAdd(signed: SignedRequest, deps: RegistrationDeps): Promise<FoundRequest | Refusal> {
  const { request } = signed;
  const known = await deps.registry.findCredentials(request.device);
  if (known) return { request, credentials: known };
  const refusal = await add(signed, deps);
  if (refusal) return refusal;
  const credentials = await deps.registry.findCredentials(request.device);
  return credentials ? { request, credentials } : refuse("unknown_device", "the device is gone");
}

async function add(signed: SignedRequest, deps: RegistrationDeps): Promise<Refusal | undefined> {
  const { request, product } = signed;
  const { device } = request;
  if (product.policy.registration !== "open") return refuse("unknown_device", "the device is not listed");
  if (!(await deps.registrationNames.admits(device)))
    return refuse("unknown_device", "the product's list of names has no such name");
  const made = {
    device,
    iotId: drawIotId(deps.random),
    ...newSecret(deps, product, device),
    createdAtMs: deps.clock.nowMs(),
  };
  const added = await deps.registry.insertDevices(product.productKey, [made]);
  if (added === "no_product") return refuse("unknown_product", "the product is gone");
  // Told here and not with what is handed out: if that fails, the device is there all the same.
  if (added.taken.length === 0) await noteAdded(request, made.iotId, deps);
  return undefined;
}
