import { type DeviceCertificate, signCoapLogin } from "@trine/device";
import { encode } from "cborg";
import { generate, type Option, type Packet } from "coap-packet";

/** A datagram, and what comes back: a code, `reset`, or nothing. */
export interface CoapCase {
  readonly name: string;
  readonly datagram: (device: DeviceCertificate) => Buffer;
  readonly answer: string | "reset" | undefined;
}

/** No message of RFC 7252 section 3: a CON is rejected, anything else is passed over (4.2, 4.3). */
export const MALFORMED_DATAGRAMS: readonly CoapCase[] = [
  ...both("an option that is longer than the datagram", "40020001bd61"),
  ...both("a token that is longer than the datagram", "4402000101"),
  ...[9, 10, 11, 12, 13, 14, 15].flatMap((length) =>
    both(`a token of ${length} bytes`, `4${length.toString(16)}020001${"01".repeat(length)}`),
  ),
  ...both("an option delta of 15", "40020001f0"),
  ...both("an option length of 15", "400200010f"),
  ...both("an option whose length is cut off", "400200010e01"),
  ...both("an option whose delta is cut off", "40020001e001"),
  ...both("a payload marker with nothing behind it", "40020001b461757468ff"),
  ...both("an empty message with a token", "4100000101"),
  ...both("an empty message with an option", "4000000110"),
  ...both("a response that nobody asked for", "40450001"),
  ...both("a code of a class that does not exist", "40c10001"),
  { name: "a ping", datagram: hex("40000001"), answer: "reset" },
  { name: "version 0", datagram: hex("00020001"), answer: undefined },
  { name: "version 2", datagram: hex("80020001"), answer: undefined },
  { name: "version 3", datagram: hex("c0020001"), answer: undefined },
  { name: "three bytes", datagram: hex("400200"), answer: undefined },
  { name: "an acknowledgement of nothing", datagram: hex("60000001"), answer: undefined },
  { name: "a reset of nothing", datagram: hex("70000001"), answer: undefined },
  { name: "a reset with a body", datagram: hex("70000001ff00"), answer: undefined },
  { name: "nothing but a payload marker", datagram: hex("ff"), answer: undefined },
];

/** Well-formed, and not to be served (RFC 7252 5.4, 5.8, 12.1; wire-format 5.8). */
export const REFUSED_REQUESTS: readonly CoapCase[] = [
  request("an unknown critical option", { options: [option("9001", "")] }, "4.02"),
  request("an unknown critical option of the highest number", { options: [option("65535", "x")] }, "4.02"),
  request("Proxy-Uri", { options: [option("Proxy-Uri", "coap://10.0.0.1/")] }, "4.02"),
  request("Proxy-Scheme", { options: [option("Proxy-Scheme", "http")] }, "4.02"),
  request("If-Match", { options: [option("If-Match", "")] }, "4.02"),
  request("Uri-Host twice", { options: [option("Uri-Host", "a"), option("Uri-Host", "b")] }, "4.02"),
  request("an Accept of three bytes", { options: [option("Accept", "\0\0\0")] }, "4.02"),
  request("a Block1 of four bytes", { options: [option("Block1", "\0\0\0\0")] }, "4.02"),
  request("a Block1 of the reserved size", { options: [option("Block1", "\x07")] }, "4.00"),
  request("a Block1 that begins in the midst", { options: [option("Block1", "\xf0")] }, "4.08"),
  request("a format that nobody reads", { options: [option("Content-Format", "\x16")] }, "4.15"),
  request("an answer in a format that nobody writes", { options: [option("Accept", "\x29")] }, "4.06"),
  request("a path that does not exist", { path: ["nowhere"] }, "4.04"),
  request("no path", { path: [] }, "4.04"),
  request("a path with ..", { path: ["topic", "..", "auth"] }, "4.01"),
  request("/auth below /auth", { path: ["auth", "auth"] }, "4.04"),
  request("/auth by way of ..", { path: ["..", "auth"] }, "4.04"),
  request("/auth with a slash in its segment", { path: ["/auth"] }, "4.04"),
  request("/auth in capitals", { path: ["AUTH"] }, "4.04"),
  request("/auth with NUL", { path: ["auth\0"] }, "4.04"),
  request("GET of /auth", { code: "0.01" }, "4.05"),
  request("PUT of /auth", { code: "0.03" }, "4.05"),
  request("a method that does not exist", { code: "0.31" }, "4.05"),
  request("a message without a token", { path: ["topic", "a", "b"] }, "4.01"),
  request("a message with a token of nobody", { path: ["topic", "a"], options: [option("2088", "x")] }, "4.01"),
  request(
    "a message with a token that is long",
    { path: ["topic", "a"], options: [option("2088", "x".repeat(255))] },
    "4.01",
  ),
  request("a mailbox without a token", { path: ["mailbox"], code: "0.01" }, "4.01"),
  request("a message to be acknowledged by no number", { path: ["mailbox", "x"], code: "0.04" }, "4.01"),
];

/** Bodies of `/auth` that are no login: 4.00, whatever they are. */
export const LOGIN_BODIES: readonly CoapCase[] = [
  body("nothing", ""),
  body("no JSON", "{,,}"),
  body("an array", "[]"),
  body("null", "null"),
  body("a text", '"x"'),
  body("JSON nested 4000 deep", "[".repeat(4_000)),
  body("objects nested 600 deep", `${'{"a":'.repeat(600)}1${"}".repeat(600)}`),
  body("a prototype in the place of the fields", (login) => `{"__proto__":${login}}`),
  body("a constructor in the place of the fields", (login) => `{"constructor":{"prototype":${login}}}`),
  body("an object as its sign", (login) => login.replace(/"sign":"\w+"/, '"sign":{}')),
  body("a list as its name", (login) => login.replace(/"deviceName":"\w+"/, '"deviceName":["device_01"]')),
  body("half of a surrogate pair in its name", (login) => login.replace('"device_01"', '"device_0\\ud800"')),
  body("UTF-16", (login) => Buffer.from(login, "utf16le")),
  cbor("CBOR that claims an array of four thousand million", "9affffffff"),
  cbor("CBOR that claims a map beyond all memory", "bbffffffffffffffff"),
  cbor("CBOR that claims a text beyond all memory", "7b7fffffffffffffff"),
  cbor("CBOR that claims bytes beyond what came", "5a00ffffff00"),
  cbor("CBOR nested 3000 deep", "81".repeat(3_000)),
  cbor("CBOR maps nested 1000 deep", "a161".repeat(1_000)),
  cbor("CBOR that never ends", "9f".repeat(2_000)),
  cbor("CBOR tags of tags", "c1".repeat(3_000)),
  cbor("CBOR of nothing", ""),
  cbor("CBOR with more behind it", "f6f6"),
  cbor("CBOR with a reserved length", "1f"),
  cbor("CBOR with two product keys", twice("productKey", "a1b2C3d4E5f", "other")),
];

/** The bytes of a request. */
export function requestOf(given: Partial<Packet> & { path?: readonly string[] }): Buffer {
  const { path = ["auth"], options = [], ...packet } = given;
  const segments = path.map((segment) => option("Uri-Path", segment));
  return generate(
    { code: "0.02", confirmable: true, messageId: 1, options: [...segments, ...options], ...packet },
    65_507,
  );
}

export function option(name: string, value: string | Buffer): Option {
  return { name, value: typeof value === "string" ? Buffer.from(value, "latin1") : value } as Option;
}

function hex(text: string): () => Buffer {
  return () => Buffer.from(text, "hex");
}

/** As a CON, and the same as a NON. */
function both(name: string, con: string): CoapCase[] {
  const bytes = Buffer.from(con, "hex");
  const non = Buffer.from(bytes);
  non[0] = (bytes[0] ?? 0) | 0x10;
  return [
    { name: `${name}, confirmable`, datagram: () => bytes, answer: "reset" },
    { name: `${name}, not confirmable`, datagram: () => non, answer: undefined },
  ];
}

function request(name: string, given: Parameters<typeof requestOf>[0], answer: string): CoapCase {
  return { name, datagram: () => requestOf(given), answer };
}

function body(name: string, payload: string | ((login: string) => string | Buffer)): CoapCase {
  const datagram = (device: DeviceCertificate) => {
    const bytes = Buffer.from(typeof payload === "string" ? payload : payload(signCoapLogin(device)));
    return requestOf({ options: [option("Content-Format", "\x32")], payload: bytes });
  };
  return { name, datagram, answer: "4.00" };
}

function cbor(name: string, bytes: string): CoapCase {
  const datagram = () => requestOf({ options: [option("Content-Format", "\x3c")], payload: Buffer.from(bytes, "hex") });
  return { name, datagram, answer: "4.00" };
}

function twice(key: string, one: string, other: string): string {
  const pairs = [one, other].map((value) =>
    Buffer.concat([encode(key), encode(value)].map((part) => Buffer.from(part))),
  );
  return Buffer.concat([Buffer.of(0xa2), ...pairs]).toString("hex");
}
