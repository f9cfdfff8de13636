import { isRefusal, type Refusal, refuse } from "../refusal.ts";
import { checkPresent } from "../steps/check-present.ts";
import { countFailure, limitPeer } from "../steps/limit-peer.ts";
import { checkDevice } from "./check-device.ts";
import { checkSwitch } from "./check-switch.ts";
import { claimOnce } from "./claim-once.ts";
import { findOrAdd } from "./find-or-add.ts";
import { createProductDecoy, findProduct } from "./find-product.ts";
import { handOut } from "./hand-out.ts";
import { noteRegistration } from "./note-registration.ts";
import type { Registered, Registrar, RegistrationRequest, VouchedRegistration } from "./registrar.ts";
import type { RegistrationDeps } from "./registration-deps.ts";
import { type SignedRequest, verifySignature } from "./verify-signature.ts";

/**
 * The registration of a device by itself, in order (wire-format 3). The signature needs the product alone, so it comes before anything is
 * asked about the device: who has not the ProductSecret learns of no device whether it exists.
 */
export function createRegistrar(deps: RegistrationDeps): Registrar {
  const decoy = createProductDecoy(deps.vault, deps.random);

  /** Who vouches has proved itself; the product says by its switch whether that is enough. */
  async function vouched(request: VouchedRegistration): Promise<SignedRequest | Refusal> {
    const product = await deps.registry.findProduct(request.device.productKey);
    return product ? { request, product } : refuse("unknown_product", "unknown product");
  }

  async function verified(request: RegistrationRequest): Promise<SignedRequest | Refusal> {
    const signed = verifySignature(await findProduct(request, { ...deps, decoy }), deps.vault);
    return isRefusal(signed) ? (countFailure(request, deps) ?? signed) : signed;
  }

  async function judge(request: RegistrationRequest | VouchedRegistration): Promise<Registered | Refusal> {
    const signed = await ("vouchedBy" in request ? vouched(request) : verified(request));
    if (isRefusal(signed)) return signed;
    return (deps.rates.takeRegistration(request.device) ?? checkSwitch(signed)) || registerDevice(signed, deps);
  }

  return {
    async register(request) {
      const unheard = checkPresent(request) ?? limitPeer(request, deps);
      if (unheard) return unheard;
      const leave = deps.admission.enter();
      if (isRefusal(leave)) return leave;
      try {
        return await judge(request);
      } finally {
        leave();
      }
    },
  };
}

async function registerDevice(signed: SignedRequest, deps: RegistrationDeps): Promise<Registered | Refusal> {
  const found = await findOrAdd(signed, deps);
  if (isRefusal(found)) return found;
  const refusal = checkDevice(found.credentials) ?? (await claimOnce(found, deps));
  await noteRegistration(found, refusal, deps);
  return refusal ?? handOut(found, deps.vault);
}
