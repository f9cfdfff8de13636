import { isRefusal, type MacAttempt, type Refusal, type RegistrationRequest } from "@trine/core/auth";
import { parseDeviceRef, parseSignMethod } from "@trine/core/certificate";
import { encode } from "cborg";
import { parseRegistration as parseCoap } from "../../../../apps/coap/src/parse-registration.ts";
import { parseRegistration as parseHttp } from "../../../../apps/http/src/parse-registration.ts";
import { parseConnect } from "../../../../apps/mqtt/src/parse-connect.ts";
import { parseRegistration as parseMqtt } from "../../../../apps/mqtt/src/parse-registration.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { maybeMutate, mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText, hexText, keyText, nameText } from "../texts.ts";

/** What a device says to register itself. */
interface Fields {
  readonly productKey: string;
  readonly deviceName: string;
  readonly random: string;
  readonly signMethod: string;
  readonly sign: string;
}

interface Body {
  readonly bytes: Buffer;
  /** What it says, where nothing was spoiled. */
  readonly fields: Fields | undefined;
}

type Parsed = Pick<RegistrationRequest, "device" | "signMethod" | "mac" | "random"> | Refusal | undefined;

/** The form of `POST /auth/register/device` (wire-format 3.2). */
export const httpRegistration = pureTarget<Body>({
  name: "http registration",
  share: 40,
  make: (random) => bodyOf(random, (fields) => Buffer.from(new URLSearchParams(fields).toString())),
  check: ({ bytes, fields }) => check(parseHttp(bytes, { peer: "192.0.2.1" }), fields, bytes.length),
});

/** The same in CoAP, as JSON or CBOR (wire-format 3.5). */
export const coapRegistration = pureTarget<Body & { readonly format: "json" | "cbor" }>({
  name: "coap registration",
  share: 40,
  make(random) {
    const format = random.pick(["json", "cbor"] as const);
    const write = (fields: object) => Buffer.from(format === "json" ? JSON.stringify(fields) : encode(fields));
    return { format, ...bodyOf(random, write) };
  },
  check: ({ bytes, fields, format }) => check(parseCoap(bytes, format), fields, bytes.length),
});

interface Connect {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  readonly authType: string;
  readonly fields: Fields | undefined;
}

/** A CONNECT that registers, or logs in with a device token (wire-format 3.3, 3.4). */
export const mqttRegistration = pureTarget<Connect>({
  name: "mqtt registration",
  share: 40,
  make: connectOf,
  check({ authType, fields, ...texts }) {
    const connect = { ...texts, peer: "192.0.2.1", channel: undefined };
    const registration = parseMqtt(connect);
    const login = parseConnect(connect);
    must(registration === undefined || isRefusal(login), "a registration is taken for a login");
    must(refusedInClear(parseMqtt({ ...connect, inClear: true })), "a registration is read in clear");
    const size = texts.clientId.length + (texts.password?.length ?? 0);
    if (registration) check(registration, authType === "connwl" ? undefined : fields, size);
    if (!fields || authType !== "connwl") return;
    must(!isRefusal(login) && "mac" in login.attempt, "a sound token was refused");
    must(refusedInClear(parseConnect({ ...connect, inClear: true })), "a token is read in clear");
    checkToken(login.attempt, texts);
  },
});

function refusedInClear(parsed: unknown): boolean {
  return parsed === undefined || (isRefusal(parsed) && parsed.code === "in_clear");
}

function checkToken(attempt: MacAttempt, { clientId, password }: Pick<Connect, "clientId" | "password">): void {
  must(attempt.isToken === true, "a token is taken for a signature");
  must(attempt.signed["clientId"] === clientId.slice(0, clientId.indexOf("|")), "the token is of another clientId");
  const sent = password?.toString("latin1").toLowerCase();
  must(Buffer.from(attempt.mac).toString("hex") === sent, "the token is another than was sent");
}

function check(parsed: Parsed, fields: Fields | undefined, size: number): void {
  must(parsed !== undefined, "it is no registration");
  must(fields === undefined || !isRefusal(parsed), "a sound registration was refused");
  if (isRefusal(parsed)) {
    must(parsed.why.length < 200, "the reason of a refusal is long");
    return;
  }
  const { device, random, signMethod, mac } = parsed;
  must(parseDeviceRef(device.productKey, device.deviceName) !== undefined, "a device with names that are none");
  must(random.length > 0 && random.length <= 128 && mac.length <= size, "more came out than went in");
  if (!fields) return;
  must(device.productKey === fields.productKey && device.deviceName === fields.deviceName, "it is another device");
  must(random === fields.random, "another random is signed than was sent");
  must(signMethod === parseSignMethod(fields.signMethod), "another method than was named");
  must(Buffer.from(mac).toString("hex") === fields.sign.toLowerCase(), "the signature is another than was sent");
}

function fieldsOf(random: RandomSource): Fields {
  return {
    productKey: keyText(random, 1, 20),
    deviceName: nameText(random, 4, 32),
    random: keyText(random, 1, 128),
    signMethod: random.pick(["hmacsha256", "hmacSha1", "HmacMD5", "Sha256"]),
    sign: hexText(random, random.pick([16, 20, 32])),
  };
}

function bodyOf(random: RandomSource, write: (fields: Record<string, string>) => Buffer): Body {
  const fields = fieldsOf(random);
  const sound = { ...fields };
  if (random.once(3)) return { bytes: write(sound), fields };
  const names = Object.keys(fields);
  const spoiled: Record<string, unknown> = { ...fields };
  for (let more = random.between(1, 3); more > 0; more -= 1) {
    const name = random.once(4) ? anyText(random, 12) : (names[random.below(names.length)] ?? "");
    const value = random.once(2) ? anyText(random) : anyJson(random);
    Object.defineProperty(spoiled, name, { value, enumerable: true, configurable: true, writable: true });
  }
  const bytes = write(spoiled as Record<string, string>);
  return { bytes: random.once(2) ? mutate(random, bytes) : bytes, fields: undefined };
}

function connectOf(random: RandomSource): Connect {
  const fields = fieldsOf(random);
  const authType = random.pick(["register", "regnwl", "connwl"] as const);
  const { productKey, deviceName, sign } = fields;
  const key = random.pick(["authType", "authtype"] as const);
  const pairs = [`${key}=${authType}`, `random=${fields.random}`, `signmethod=${fields.signMethod}`, "securemode=-2"];
  if (random.once(2)) pairs.reverse();
  const connect = {
    clientId: `${nameText(random, 1, 64)}|${pairs.join(",")}|`,
    username: `${deviceName}&${productKey}`,
    password: Buffer.from(sign),
    authType,
  };
  if (random.once(3)) return { ...connect, fields };
  const text = (whole: string) => maybeMutate(random, Buffer.from(whole)).toString(random.once(2) ? "utf8" : "latin1");
  return {
    authType,
    // The key stays, or it would be a login like any other.
    clientId: `${anyText(random).replaceAll("|", "")}|${key}=${authType},${text(pairs.join(","))}|`,
    username: random.once(8) ? undefined : text(connect.username),
    password: random.once(8) ? undefined : maybeMutate(random, connect.password),
    fields: undefined,
  };
}
