import {
  createVault,
  deviceKey,
  formatPskIdentity,
  openPayload,
  parseDeviceKey,
  parseDeviceName,
  parseMacHex,
  parseMasterKeys,
  parseProductKey,
  parsePskIdentity,
  parseSignMethod,
  Secret,
  sealPayload,
  VaultError,
} from "@trine/core/certificate";
import { must, pureTarget, throwsOnly } from "../fuzz-target.ts";
import { maybeMutate, mutate } from "../mutate.ts";
import { anyText, hexText, keyText, nameText } from "../texts.ts";

const ALPHABET = /^[A-Za-z0-9_@.:-]*$/;

/** Names: what is not in the alphabet is refused, never made into another's. */
export const names = pureTarget<string>({
  name: "names",
  share: 60,
  make: (random) =>
    random.once(3)
      ? anyText(random)
      : maybeMutate(random, Buffer.from(nameText(random, 1, 36))).toString(random.once(2) ? "utf8" : "latin1"),
  check(text) {
    const name = parseDeviceName(text);
    must(
      name === undefined || (name === text && ALPHABET.test(text) && text.length >= 4 && text.length <= 32),
      "a deviceName is another text",
    );
    const key = parseProductKey(text);
    must(key === undefined || (key === text && /^[A-Za-z0-9]{1,20}$/.test(text)), "a productKey is another text");
    const device = parseDeviceKey(text);
    must(device === undefined || deviceKey(device) === text, "the key of a device came back as another");
    const mac = parseMacHex(text);
    must(mac === undefined || mac.toString("hex") === text.toLowerCase(), "a MAC is another text");
    parseSignMethod(text);
  },
});

/** The identity before a handshake with a pre-shared key (wire-format 2.8). */
export const pskIdentities = pureTarget<string>({
  name: "psk identities",
  share: 60,
  make(random) {
    const text = `devicename|hmacsha256|${keyText(random, 1, 20)}&${nameText(random, 4, 32)}|${random.word()}`;
    return random.once(4)
      ? anyText(random)
      : maybeMutate(random, Buffer.from(text)).toString(random.once(2) ? "utf8" : "latin1");
  },
  check(text) {
    const identity = parsePskIdentity(text);
    must(identity === undefined || formatPskIdentity(identity) === text, "an identity came back as another text");
  },
});

const KEYS = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
const CONTEXT = "a1b2C3d4E5f/device_01";

/** Secrets at rest: what was changed, or belongs to another row, does not open. */
export const sealedSecrets = pureTarget({
  name: "sealed secrets",
  share: 30,
  make: (random) => ({
    secret: keyText(random, 1, 64),
    nonce: random.bytes(12),
    context: random.once(2) ? CONTEXT : anyText(random),
    spoil: random.bytes(4),
  }),
  check({ secret, nonce, context }, random) {
    const vault = createVault(KEYS, { bytes: () => nonce });
    const sealed = vault.seal(new Secret(secret), CONTEXT);
    must(vault.open(sealed, CONTEXT).reveal() === secret, "a secret came back as another");
    const spoiled = mutate(random, Buffer.from(sealed)).toString("latin1");
    const opened = throwsOnly(VaultError, () => vault.open(spoiled, context));
    if (opened instanceof Secret)
      must(opened.reveal() === secret && context === CONTEXT, "what was sealed for another row opened");
  },
});

/** The file of master keys. */
export const masterKeys = pureTarget<string>({
  name: "master keys",
  share: 10,
  make: (random) =>
    random
      .times(random.length(4), () => (random.once(2) ? random.bytes(32).toString("base64") : anyText(random)))
      .join(random.pick(["\n", "\r\n", " "])),
  check(text) {
    try {
      must(
        parseMasterKeys(text).every(({ length }) => length === 32),
        "a key has another length",
      );
    } catch (error) {
      must(error instanceof VaultError, String(error));
      const lines = text.split(/\s/).filter((line) => line.length > 8);
      must(!lines.some((line) => error.message.includes(line)), "the message holds the key");
    }
  },
});

/** Payloads sealed as the wire format demands (wire-format 5.4). */
export const sealedPayloads = pureTarget({
  name: "sealed payloads",
  share: 30,
  make: (random) => ({ key: random.bytes(16), payload: random.bytes(random.length(200)) }),
  check({ key, payload }, random) {
    const sealed = sealPayload(key, payload);
    must(openPayload(key, sealed)?.equals(payload) === true, "a payload came back as another");
    const spoiled = mutate(random, sealed);
    must((openPayload(key, spoiled)?.length ?? 0) <= spoiled.length, "a payload grew");
    parseMacHex(hexText(random, 4));
  },
});
