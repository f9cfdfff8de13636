import type { Clock } from "../ports/clock.ts";
import type { DeviceRegistry } from "../ports/device-registry.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { Keychain } from "./keychain.ts";

/** A key that does not exist is not looked for more often than this. */
const AGAIN_MS = 1_000;

type Sealed = { readonly sealedSecret?: string; readonly sealedSeed?: string };

/**
 * Puts in front of a registry that the keys of what it reads are here when it is read: a process that missed the word about a new data key
 * looks for it then. A key that cannot be had is told when the secret is opened.
 */
export function withKnownKeys(
  registry: DeviceRegistry,
  { keychain, clock, recorder }: { keychain: Keychain; clock: Clock; recorder: Recorder },
): DeviceRegistry {
  let lookedAt = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;

  async function learn(found: readonly Sealed[]): Promise<void> {
    const sealed = found.flatMap(({ sealedSecret, sealedSeed }) => [sealedSecret, sealedSeed]);
    if (sealed.every((text) => text === undefined || keychain.knows(text))) return;
    await (looking ?? look());
  }

  async function look(): Promise<void> {
    if (clock.monotonicMs() - lookedAt < AGAIN_MS) return;
    lookedAt = clock.monotonicMs();
    looking = keychain.reload().catch((error: unknown) => recorder.fault("keys", error));
    await looking;
    looking = undefined;
  }

  return {
    ...registry,
    async findCredentials(device) {
      const found = await registry.findCredentials(device);
      if (found) await learn([found, found.next ?? {}, found.product]);
      return found;
    },
    async findProduct(productKey) {
      const found = await registry.findProduct(productKey);
      if (found) await learn([found]);
      return found;
    },
    async listSealedSecrets(productKey, page) {
      const found = await registry.listSealedSecrets(productKey, page);
      await learn(found);
      return found;
    },
  };
}
