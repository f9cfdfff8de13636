import { isRefusal, isX509Attempt, type MacAttempt } from "@trine/core/auth";
import { encode } from "cborg";
import { parseAuthBody as parseCoapBody } from "../../../../apps/coap/src/parse-auth-body.ts";
import { parseAuthBody as parseHttpBody } from "../../../../apps/http/src/parse-auth-body.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText, hexText, keyText, nameText } from "../texts.ts";

interface Body {
  readonly bytes: Buffer;
  /** What it says, where nothing was spoiled. */
  readonly fields: Readonly<Record<string, unknown>> | undefined;
}

type Claim = Pick<MacAttempt, "device" | "mac" | "signed">;

/** The body of `POST /auth` on CoAP, as JSON (wire-format 5.1). */
export const coapJsonLogin = pureTarget<Body>({
  name: "coap login, json",
  share: 60,
  make: (random) => bodyOf(random, (fields) => Buffer.from(JSON.stringify(fields)), jsonText),
  check: (body) => checkClaim(body, signedClaim(parseCoapBody(body.bytes, "json"))),
});

/** The same as CBOR. */
export const coapCborLogin = pureTarget<Body>({
  name: "coap login, cbor",
  share: 60,
  make: (random) => bodyOf(random, (fields) => Buffer.from(encode(fields)), cborBytes),
  check: (body) => checkClaim(body, signedClaim(parseCoapBody(body.bytes, "cbor"))),
});

/** The body of `POST /auth` on HTTP (wire-format 4.1). */
export const httpLogin = pureTarget<Body>({
  name: "http login",
  share: 60,
  make: (random) => bodyOf(random, (fields) => Buffer.from(JSON.stringify(fields)), jsonText),
  check(body) {
    const parsed = parseHttpBody(body.bytes, { peer: "192.0.2.1" });
    checkClaim(body, isRefusal(parsed) || isX509Attempt(parsed) ? undefined : parsed);
  },
});

/** Without a certificate no login is proved by one. */
function signedClaim(parsed: ReturnType<typeof parseCoapBody>): Claim | undefined {
  return parsed && "mac" in parsed.claim ? parsed.claim : undefined;
}

function checkClaim({ bytes, fields }: Body, claim: Claim | undefined): void {
  must(fields === undefined || claim !== undefined, "a sound login was refused");
  if (!claim) return;
  const { device, mac, signed } = claim;
  must(
    signed["deviceName"] === device.deviceName && signed["productKey"] === device.productKey,
    "another device is signed than is looked up",
  );
  must(
    Object.values(signed).every((text) => typeof text === "string" && text.length <= bytes.length + 32),
    "a signed text is longer than the body",
  );
  if (!fields) return;
  for (const name of ["clientId", "seq", "timestamp"]) {
    const sent = fields[name];
    if (sent !== undefined && name in signed)
      must(signed[name] === String(sent), `${name} is signed as another text than was sent`);
  }
  must(Buffer.from(mac).toString("hex") === String(fields["sign"]).toLowerCase(), "the MAC is another than was sent");
}

function bodyOf(
  random: RandomSource,
  write: (fields: object) => Buffer,
  strange: (random: RandomSource) => Buffer,
): Body {
  const fields = loginFields(random);
  if (random.once(3)) return { bytes: write(fields), fields };
  const bytes = random.once(2) ? strange(random) : write(spoilFields(random, fields));
  return { bytes: random.once(2) ? mutate(random, bytes) : bytes, fields: undefined };
}

function loginFields(random: RandomSource): Record<string, unknown> {
  const productKey = keyText(random, 1, 20);
  const deviceName = nameText(random, 4, 32);
  return {
    productKey,
    deviceName,
    clientId: nameText(random, 1, 64),
    sign: hexText(random, 32),
    signmethod: random.pick(["hmacsha256", "hmacSha256", "HmacSHA256", "Sha256"]),
    ...(random.once(2) ? { timestamp: random.once(2) ? random.word() : String(random.word()) } : {}),
    ...(random.once(3) ? { seq: String(random.word()) } : {}),
    ...(random.once(4) ? { version: "default", ackMode: "1" } : {}),
  };
}

function spoilFields(random: RandomSource, fields: Record<string, unknown>): object {
  const names = Object.keys(fields);
  const spoiled = { ...fields };
  for (let more = random.between(1, 3); more > 0; more -= 1) {
    const name = random.once(4) ? anyText(random, 12) : (names[random.below(names.length)] ?? "");
    Object.defineProperty(spoiled, name, {
      value: anyJson(random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return spoiled;
}

/** JSON that no serializer writes: deep, doubled, huge, in other encodings. */
function jsonText(random: RandomSource): Buffer {
  const login = JSON.stringify(loginFields(random));
  const deep = random.length(3_000);
  return Buffer.from(
    random.pick([
      "[".repeat(deep),
      `${'{"a":'.repeat(deep)}1${"}".repeat(deep)}`,
      `{"__proto__":${login},"constructor":{"prototype":${login}}}`,
      login.replace("{", '{"productKey":"other","sign":"00",'),
      login.replace("{", `{"timestamp":${"9".repeat(random.length(400))},`),
      `\ufeff${login}`,
      `${login}\0\0`,
      `${login}${login}`,
      login.replaceAll('"', "'"),
      Buffer.from(login, "utf16le").toString("latin1"),
      JSON.stringify(anyJson(random, 5)),
      login.replace("clientId", "\\u0063lientId"),
    ]),
  );
}

/** CBOR that claims more than it holds, is nested, open-ended or tagged (RFC 8949). */
function cborBytes(random: RandomSource): Buffer {
  const login = Buffer.from(encode(loginFields(random)));
  const deep = random.length(3_000);
  const huge = random.pick([
    "5b7fffffffffffffff",
    "7b000fffffffffffff",
    "9affffffff",
    "9bffffffffffffffff",
    "baffffffff",
    "bb0000000100000000",
    "5affffffff",
  ]);
  return random.pick([
    Buffer.from(huge, "hex"),
    Buffer.concat([Buffer.from(huge, "hex"), login]),
    Buffer.alloc(deep, 0x81),
    Buffer.alloc(deep, 0xa1),
    Buffer.alloc(deep, 0x9f),
    Buffer.alloc(deep, 0xbf),
    Buffer.alloc(deep, 0xc1),
    Buffer.concat([Buffer.of(0xbf), login.subarray(1), Buffer.of(0xff)]),
    Buffer.concat([
      Buffer.of(0xa2),
      ...["other", "a1b2C3d4E5f"]
        .map((key) => Buffer.from(encode("productKey")).toString("hex") + Buffer.from(encode(key)).toString("hex"))
        .map((hex) => Buffer.from(hex, "hex")),
    ]),
    Buffer.from(
      encode(
        new Map<unknown, unknown>([
          [1, 2],
          ["productKey", "x"],
        ]),
      ),
    ),
    random.bytes(random.length(100)),
    Buffer.concat([login, login]),
  ]);
}
