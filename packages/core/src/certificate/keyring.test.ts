import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createKeyring, createVault, dataKeyId } from "./keyring.ts";
import { parseMasterKeys } from "./master-key.ts";
import { parseDeviceRef } from "./names.ts";
import { deviceSecretContext, productSecretContext, productSeedContext } from "./seal-context.ts";
import { Secret } from "./secret.ts";
import { VaultError } from "./vault-error.ts";

const random = { bytes: (count: number) => randomBytes(count) };
const older = randomBytes(32);
const newer = randomBytes(32);
const vault = createVault([newer, older], random);
const secret = new Secret("ga7XA6KdlEeiPXQPpRbAjOZXwG8yAbcd");

describe("a vault", () => {
  it("opens what it sealed, in the same context", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, context) => {
        return vault.open(vault.seal(new Secret(text), context), context).reveal() === text;
      }),
    );
  });

  it("does not open a ciphertext that was moved to another row", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (text, context, other) => {
        fc.pre(context !== other);
        const sealed = vault.seal(new Secret(text), context);
        expect(() => vault.open(sealed, other)).toThrow(VaultError);
      }),
    );
  });

  it("does not open a ciphertext of which one bit was changed", () => {
    const [id = "", body = ""] = vault.seal(secret, "pk/d1").split(".");
    const bytes = Buffer.from(body, "base64url");
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at] = (changed[at] ?? 0) ^ (1 << bit);
        expect(() => vault.open(`${id}.${changed.toString("base64url")}`, "pk/d1")).toThrow(VaultError);
      }),
    );
  });

  it("seals the same secret differently each time, and never in clear", () => {
    const [one, two] = [vault.seal(secret, "pk/d1"), vault.seal(secret, "pk/d1")];
    expect(one).not.toBe(two);
    expect(Buffer.from(one.split(".")[1] ?? "", "base64url").includes(secret.reveal())).toBe(false);
  });

  it("seals with the newest key, and opens what older keys sealed", () => {
    const before = createVault([older], random).seal(secret, "pk/d1");
    expect(vault.open(before, "pk/d1").reveal()).toBe(secret.reveal());
    const now = vault.seal(secret, "pk/d1");
    expect(createVault([newer], random).open(now, "pk/d1").reveal()).toBe(secret.reveal());
    expect(() => createVault([older], random).open(now, "pk/d1")).toThrow("not among the master keys");
  });

  it.each(["", ".", "no dot", "00000000.AAAA"])("refuses %j, which it never sealed", (sealed) => {
    expect(() => vault.open(sealed, "pk/d1")).toThrow(VaultError);
  });

  it("refuses a ciphertext that is cut off", () => {
    const sealed = vault.seal(secret, "pk/d1");
    expect(() => vault.open(sealed.slice(0, 20), "pk/d1")).toThrow(VaultError);
    expect(() => vault.open(sealed.slice(0, -4), "pk/d1")).toThrow(VaultError);
  });

  it("is not made without keys, with a short key, or with a key twice", () => {
    expect(() => createVault([], random)).toThrow(VaultError);
    expect(() => createVault([newer, randomBytes(31)], random)).toThrow(VaultError);
    expect(() => createVault([newer, Buffer.from(newer)], random)).toThrow("twice");
  });
});

describe("a signature", () => {
  const dataKey = randomBytes(32);
  const aRing = (masters: readonly Buffer[], isSealing = false) => {
    const ring = createKeyring(masters, random);
    ring.addDataKey(dataKey);
    if (isSealing) ring.sealWith(dataKeyId(dataKey));
    return ring;
  };

  it("is known by every process that has its key, and by no other", () => {
    const byMaster = aRing([newer]).sign("text");
    const byDataKey = aRing([newer], true).sign("text");
    expect(byMaster).not.toBe(byDataKey);
    for (const signature of [byMaster, byDataKey])
      expect(aRing([newer, older], true).isSigned("text", signature)).toBe(true);
    expect(aRing([older]).isSigned("text", byMaster)).toBe(false);
    expect(createKeyring([newer], random).isSigned("text", byDataKey)).toBe(false);
  });

  it("is of this text, and whole", () => {
    const ring = aRing([newer]);
    const signature = ring.sign("text");
    expect(ring.isSigned("texts", signature)).toBe(false);
    for (const wrong of ["", ".", signature.slice(0, -2), signature.split(".")[0] ?? "", `x${signature}`])
      expect(ring.isSigned("text", wrong)).toBe(false);
  });
});

describe("a keyring with data keys", () => {
  const [one, two] = [randomBytes(32), randomBytes(32)];
  const context = { bound: "device-secret/pk/d1/1", legacy: "pk/d1" };

  function ringWith(...dataKeys: Buffer[]) {
    const ring = createKeyring([newer, older], random);
    for (const key of dataKeys) ring.addDataKey(key);
    return ring;
  }

  it("seals with the chosen one, and names it in the ciphertext", () => {
    const ring = ringWith(one, two);
    ring.sealWith(dataKeyId(two));
    const sealed = ring.seal(secret, context);
    expect(sealed).toMatch(new RegExp(`^2\\.${dataKeyId(two)}\\.[\\w-]+$`));
    expect(ringWith(two).open(sealed, context).reveal()).toBe(secret.reveal());
    expect(() => ringWith(one).open(sealed, context)).toThrow("a key that is not among");
  });

  it("opens what a master key sealed, in the context of that time", () => {
    const ring = ringWith(one);
    ring.sealWith(dataKeyId(one));
    expect(ring.open(vault.seal(secret, "pk/d1"), context).reveal()).toBe(secret.reveal());
    expect(() => ring.open(vault.seal(secret, context.bound), context)).toThrow(VaultError);
  });

  it("is not read by a vault that has no data keys", () => {
    const ring = ringWith(one);
    ring.sealWith(dataKeyId(one));
    expect(() => vault.open(ring.seal(secret, context), context)).toThrow(VaultError);
  });

  it("does not open a secret in the place of another kind, slot or version", () => {
    const ring = ringWith(one);
    ring.sealWith(dataKeyId(one));
    const device = parseDeviceRef("pk", "dev1");
    if (!device) throw new Error("the names are valid");
    const contexts = [
      deviceSecretContext(device, 1),
      deviceSecretContext(device, 2),
      productSecretContext(device.productKey),
      productSeedContext(device.productKey),
    ];
    for (const [at, own] of contexts.entries()) {
      const sealed = ring.seal(secret, own);
      for (const [other, foreign] of contexts.entries()) {
        if (at === other) expect(ring.open(sealed, foreign).reveal()).toBe(secret.reveal());
        else expect(() => ring.open(sealed, foreign)).toThrow(VaultError);
      }
    }
  });

  it("knows which ciphertexts it can open, and which it would seal alike", () => {
    const ring = ringWith(one);
    const before = ring.seal(secret, context);
    expect(ring.isCurrent(before)).toBe(true);
    ring.sealWith(dataKeyId(one));
    const now = ring.seal(secret, context);
    expect([before, now].map((sealed) => ring.isCurrent(sealed))).toEqual([false, true]);
    expect([before, now, `2.${dataKeyId(two)}.AAAA`, "x.y.z.w", ""].map((sealed) => ring.knows(sealed))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(() => ring.sealWith(dataKeyId(two))).toThrow(VaultError);
    expect(() => ring.addDataKey(randomBytes(16))).toThrow(VaultError);
  });

  it("without any key seals nothing", () => {
    expect(() => createKeyring([], random).seal(secret, context)).toThrow("no key to seal with");
  });
});

describe("master keys", () => {
  it("are read newest first, past comments, blank lines and the line ends of any system", () => {
    const text = `# made in May\r\n${newer.toString("base64")}\r\n\n  ${older.toString("base64url")}  \n`;
    expect(parseMasterKeys(text)).toEqual([newer, older]);
  });

  it.each(["", "\n\n", "# only a comment\n"])("an empty file %j is an error that says how to make one", (text) => {
    expect(() => parseMasterKeys(text)).toThrow("openssl rand -base64 32");
  });

  it("a wrong line is named by its number, never by its text", () => {
    const wrong = [
      randomBytes(31).toString("base64"),
      randomBytes(33).toString("base64"),
      randomBytes(32).toString("hex"),
      "käse",
    ];
    for (const line of wrong) {
      const message = messageOf(() => parseMasterKeys(`${newer.toString("base64")}\n${line}\n`));
      expect(message).toContain("line 2");
      expect(message).not.toContain(line);
    }
  });
});

function messageOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof VaultError) return error.message;
  }
  throw new Error("it did not throw a VaultError");
}
