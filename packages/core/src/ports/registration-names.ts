import type { DeviceName, DeviceRef, ProductKey } from "../certificate/names.ts";
import type { Page } from "./device-registry.ts";

/** A name that unknown devices of a product may register themselves under, or the beginning of such names. */
export interface RegistrationName {
  readonly name: string;
  readonly isPrefix: boolean;
}

/**
 * Which names unknown devices of a product may register themselves under, where its policy lets unknown ones in. A product without such a list
 * lets every name in.
 *
 * Everything here is committed when its promise resolves. Throws when the store cannot answer.
 */
export interface RegistrationNames {
  /** Puts a list in the place of the one before, whole. Not empty; no name twice. @returns false when there is no such product. */
  replace(
    productKey: ProductKey,
    list: { readonly names: readonly DeviceName[]; readonly prefixes: readonly string[] },
  ): Promise<boolean>;
  /** Takes the list away: every name may register. @returns whether there was one. */
  remove(productKey: ProductKey): Promise<boolean>;
  /** Whether the list holds the device's name or a beginning of it, case-sensitive; true without a list. */
  admits(device: DeviceRef): Promise<boolean>;
  /** In the byte order of names, a prefix before the name that is spelled alike. @throws InvalidCursorError */
  list(productKey: ProductKey, page: { limit: number; cursor?: string }): Promise<Page<RegistrationName>>;
}
