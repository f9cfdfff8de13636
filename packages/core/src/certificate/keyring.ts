import { createHash, createHmac } from "node:crypto";
import type { Random } from "../ports/clock.ts";
import { aesOpen, aesSeal, KEY_BYTES } from "./aes-seal.ts";
import { macMatches } from "./mac.ts";
import { masterKeyId } from "./master-key.ts";
import type { SealContext } from "./seal-context.ts";
import { Secret } from "./secret.ts";
import type { Signer } from "./signer.ts";
import { unprintable } from "./unprintable.ts";
import type { SealedSecret, Vault } from "./vault.ts";
import { VaultError } from "./vault-error.ts";

// `2.{data key}.{body}`. What a master key sealed directly has no mark: `{master key}.{body}`, and no master key's id is one digit.
const DATA_KEY_FORMAT = "2";

/** A vault whose keys may change while it is used. */
export interface Keyring extends Vault, Signer {
  /** Adds a key, for opening. It is never taken out again: what it sealed may be remembered somewhere. */
  addDataKey(key: Uint8Array): void;
  /** Has secrets sealed with this data key from now on. */
  sealWith(dataKey: string): void;
  /** Whether the key is here that the ciphertext names. */
  knows(sealed: SealedSecret): boolean;
  /** Whether `seal` would use the key that the ciphertext names. */
  isCurrent(sealed: SealedSecret): boolean;
  hasDataKey(id: string): boolean;
}

/**
 * Makes a keyring of AES-256-GCM. Every key opens what it sealed, found by the key id that stands beside the ciphertext. Until a data key
 * is chosen, the newest master key seals secrets itself, as processes without data keys read them.
 *
 * @param masterKeys 32 bytes each, newest first; may be empty when there will be a data key.
 * @throws VaultError when the keys are not usable.
 */
export function createKeyring(masterKeys: readonly Uint8Array[], random: Random): Keyring {
  if (masterKeys.some((key) => key.length !== KEY_BYTES)) throw new VaultError(`a key has ${KEY_BYTES} bytes`);
  const masters = new Map(masterKeys.map((key) => [masterKeyId(key), key]));
  // Two keys under one id: the older would take the place of the newer, and nothing would open.
  if (masters.size !== masterKeys.length) throw new VaultError("a key is there twice");
  const [newest] = masters;
  const dataKeys = new Map<string, Uint8Array>();
  let sealing: string | undefined;

  function keyOf(sealed: SealedSecret, context: SealContext) {
    const { format, keyId, body } = parse(sealed);
    if (format === DATA_KEY_FORMAT) return { key: dataKeys.get(keyId), body, context: boundOf(context) };
    return { key: format === "" ? masters.get(keyId) : undefined, body, context: legacyOf(context) };
  }

  return {
    sign(text) {
      const dataKey = sealing === undefined ? undefined : dataKeys.get(sealing);
      if (sealing !== undefined && dataKey) return `${sealing}.${macOf(dataKey, text).toString("base64url")}`;
      if (!newest) throw new VaultError("there is no key to sign with");
      return `${newest[0]}.${macOf(newest[1], text).toString("base64url")}`;
    },
    isSigned(text, signature) {
      const [keyId = "", mac = ""] = signature.split(".", 2);
      const key = dataKeys.get(keyId) ?? masters.get(keyId);
      return key !== undefined && macMatches(macOf(key, text), Buffer.from(mac, "base64url"));
    },
    seal(secret, context) {
      const plain = Buffer.from(secret.reveal(), "utf8");
      const dataKey = sealing === undefined ? undefined : dataKeys.get(sealing);
      if (dataKey)
        return `${DATA_KEY_FORMAT}.${sealing}.${aesSeal(dataKey, plain, { context: boundOf(context), random })}`;
      if (!newest) throw new VaultError("there is no key to seal with");
      return `${newest[0]}.${aesSeal(newest[1], plain, { context: legacyOf(context), random })}`;
    },
    open(sealed, given) {
      const { key, body, context } = keyOf(sealed, given);
      if (!key)
        throw new VaultError("a secret was encrypted with a key that is not among the master keys or data keys");
      const plain = aesOpen(key, body, context);
      if (!plain) throw new VaultError("a secret does not decrypt: it belongs to another row or another key");
      return new Secret(plain.toString("utf8"));
    },
    addDataKey(key) {
      if (key.length !== KEY_BYTES) throw new VaultError(`a key has ${KEY_BYTES} bytes`);
      dataKeys.set(dataKeyId(key), unprintable(Buffer.from(key), "DataKey"));
    },
    sealWith(dataKey) {
      if (!dataKeys.has(dataKey)) throw new VaultError("the data key to seal with is not here");
      sealing = dataKey;
    },
    knows: (sealed) => keyOf(sealed, "").key !== undefined,
    isCurrent(sealed) {
      const { format, keyId } = parse(sealed);
      if (sealing === undefined) return format === "" && keyId === newest?.[0];
      return format === DATA_KEY_FORMAT && keyId === sealing;
    },
    hasDataKey: (id) => dataKeys.has(id),
  };
}

/** Tells data keys apart without telling them. Of the key itself, so that a row that holds another key is noticed. */
export function dataKeyId(key: Uint8Array): string {
  return createHash("sha256").update("data key id").update(key).digest("hex").slice(0, 16);
}

/**
 * Makes a vault of master keys alone, whose newest one seals.
 *
 * @param keys 32 bytes each, newest first, at least one.
 * @throws VaultError when the keys are not usable.
 */
export function createVault(keys: readonly Uint8Array[], random: Random): Vault {
  if (keys.length === 0) throw new VaultError("there is no key");
  return createKeyring(keys, random);
}

function parse(sealed: SealedSecret): { format: string; keyId: string; body: string } {
  const [body = "", keyId = "", ...format] = sealed.split(".").toReversed();
  return { format: format.join("."), keyId, body };
}

/** Under a key of its own, which says nothing about the one that seals. */
function macOf(key: Uint8Array, text: string): Buffer {
  const signing = createHmac("sha256", key).update("trine signs").digest();
  return createHmac("sha256", signing).update(text).digest();
}

function boundOf(context: SealContext): string {
  return typeof context === "string" ? context : context.bound;
}

function legacyOf(context: SealContext): string {
  return typeof context === "string" ? context : context.legacy;
}
