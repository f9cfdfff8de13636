import { type DeviceCertificate, signMqttLogin } from "@trine/device";
import { generate, type IConnectPacket } from "mqtt-packet";
import { topicOf } from "../src/fleet.ts";

/** What one connection sends, and everything that it gets before the gateway ends the connection. */
export interface MqttCase {
  readonly name: string;
  readonly bytes: (device: DeviceCertificate) => Buffer;
  /** Sent once the login is answered. */
  readonly later?: (device: DeviceCertificate) => Buffer;
  /** Hex. */
  readonly answer: string;
}

export const ACCEPTED = "20020000";
const PINGREQ = Buffer.from("c000", "hex");
export const PINGRESP = "d000";

/** Malformed before anybody has logged in: nothing is answered but a version that is not served (wire-format 2.6, 2.7). */
export const UNKNOWN_CLIENT: readonly MqttCase[] = [
  raw("a packet type that does not exist (0)", "0000"),
  raw("a packet type that does not exist (15)", "f000"),
  raw("a CONNECT whose header has a reserved flag", "1100"),
  raw("an empty CONNECT", "1000"),
  raw("a length of five bytes", "10ffffffff7f"),
  raw("a length beyond what any CONNECT needs", "10ffffff7f"),
  raw("a PUBLISH before CONNECT", "300500016100"),
  raw("a SUBSCRIBE before CONNECT", "8206000100016100"),
  raw("a PINGREQ before CONNECT", "c000"),
  raw("a DISCONNECT before CONNECT", "e000"),
  raw("a packet of the server", "20020000"),
  changed("a CONNECT of another protocol", (packet) => Buffer.from(generate(packet)).fill("XQTT", 5, 9)),
  { ...changed("a CONNECT of MQTT 5", (packet) => withByte(generate(packet), levelAt, 5)), answer: "20020001" },
  {
    ...changed("a CONNECT of a version that never was", (packet) => withByte(generate(packet), levelAt, 2)),
    answer: "20020001",
  },
  changed("a CONNECT with the reserved flag", (packet) => withFlags(packet, (flags) => flags | 0x01)),
  changed("a CONNECT with a will of QoS 3", (packet) => withFlags(packet, (flags) => flags | 0x1c)),
  changed("a CONNECT with the QoS of a will and no will", (packet) => withFlags(packet, (flags) => flags | 0x08)),
  changed("a CONNECT with a retained will and no will", (packet) => withFlags(packet, (flags) => flags | 0x20)),
  changed("a CONNECT that ends within its username", (packet) => cutAt(generate(packet), 40)),
  changed("a CONNECT whose clientId is longer than the packet", (packet) =>
    withByte(generate(packet), levelAt + 4, 0xff),
  ),
];

/** A login that is malformed, or is no device's: code 2 for the block of the clientId, 4 for the credentials (wire-format 2.7). */
export const REFUSED_LOGIN: readonly MqttCase[] = [
  login("no block in the clientId", { clientId: "device" }, 2),
  login("an empty clientId", { clientId: "" }, 2),
  login("one bar only", { clientId: "a|securemode=3" }, 2),
  login("nothing before the bar", { clientId: "|securemode=3,signmethod=hmacsha256|" }, 2),
  login("65 characters before the bar", { clientId: `${"x".repeat(65)}|securemode=3|` }, 2),
  login("33 pairs", { clientId: `a|${"k=v,".repeat(33)}|` }, 2),
  login("a keepalive of zero", { keepalive: 0 }, 2),
  login("a mode that proves something else", { clientId: "a|securemode=-2|" }, 5),
  login("a registration without TLS", { clientId: "a|authType=register,securemode=2|" }, 2),
  login("an unknown sign method", { clientId: "a|signmethod=hmacsha512|" }, 4),
  login("a sign method that every object has", { clientId: "a|signmethod=constructor|" }, 4),
  login("two ampersands in the username", { username: "device_01&a1b2C3d4E5f&x" }, 4),
  login("no username", { username: undefined, password: undefined }, 4),
  login("a password that is not hex", { password: Buffer.from("zz") }, 4),
  login("an odd number of hex digits", { password: Buffer.from("abc") }, 4),
  login("an empty password", { password: Buffer.alloc(0) }, 4),
  login("a MAC of another length", { password: Buffer.from("ab".repeat(16)) }, 4),
  login("a MAC that is long", { password: Buffer.from("ab".repeat(2_000)) }, 4),
];

/** Malformed after the login: the connection ends, nothing more is answered (MQTT 3.1.1, 4.8). */
export const KNOWN_CLIENT: readonly MqttCase[] = [
  after("a second CONNECT", (device) => generate(connectOf(device))),
  after("a PUBLISH of QoS 2", (device) => publish(device, 0x34)),
  after("a PUBLISH of QoS 3", (device) => publish(device, 0x36)),
  after("a PUBLISH of QoS 1 with packet id 0", (device) => publish(device, 0x32, { id: "0000" })),
  after("a PUBLISH whose topic is longer than the packet", () => Buffer.from("300500ff617879", "hex")),
  after("a PUBLISH with NUL in its topic", (device) =>
    publish(device, 0x30, { topic: `${topicOf(device, "user/update")}\0` }),
  ),
  after("a PUBLISH with half of a surrogate pair in its topic", (device) => publish(device, 0x30, { tail: "eda080" })),
  after("a PUBLISH with UTF-8 that is overlong", (device) => publish(device, 0x30, { tail: "c0af" })),
  after("a PUBLISH with a wildcard", (device) => publish(device, 0x30, { topic: topicOf(device, "user/+") })),
  after("a PUBLISH with a wildcard at its end", (device) => publish(device, 0x30, { topic: topicOf(device, "#") })),
  after("a PUBLISH without a topic", () => Buffer.from("3003000061", "hex")),
  after("a SUBSCRIBE without filters", () => Buffer.from("82020001", "hex")),
  after("a SUBSCRIBE without its flag", () => Buffer.from("800600010001612f", "hex")),
  after("a SUBSCRIBE with packet id 0", () => Buffer.from("820600000001612f", "hex").fill(0, 7)),
  after("a SUBSCRIBE of QoS 3", () => Buffer.from("8206000100016103", "hex")),
  after("a SUBSCRIBE whose filter is longer than the packet", () => Buffer.from("8206000100ff6100", "hex")),
  after("a SUBSCRIBE that is cut off within a filter's QoS", () => Buffer.from("82050001000161", "hex")),
  after("a SUBSCRIBE with + in the midst of a level", ({ productKey }) => subscribe(`/${productKey}/device+/user/get`)),
  after("a SUBSCRIBE with # in the midst of a filter", (device) => subscribe(topicOf(device, "#/get"))),
  after("an UNSUBSCRIBE with packet id 0", () => Buffer.from("a2050000000161", "hex")),
  after("an UNSUBSCRIBE without filters", () => Buffer.from("a2020001", "hex")),
  after("an UNSUBSCRIBE without its flag", () => Buffer.from("a0050001000161", "hex")),
  after("a PUBACK with a body", () => Buffer.from("4003000100", "hex")),
  after("a PUBREC", () => Buffer.from("50020001", "hex")),
  after("a PUBREL", () => Buffer.from("62020001", "hex")),
  after("a PUBCOMP", () => Buffer.from("70020001", "hex")),
  after("a PINGREQ with a body", () => Buffer.from("c00100", "hex")),
  after("a CONNACK", () => Buffer.from("20020000", "hex")),
  after("a SUBACK", () => Buffer.from("9003000100", "hex")),
  after("a PINGRESP", () => Buffer.from("d000", "hex")),
  after("a packet of type 15", () => Buffer.from("f000", "hex")),
  after("a length of five bytes", () => Buffer.from("30ffffffff01", "hex")),
  after("a length that only says that it goes on", () => Buffer.from("3080808080", "hex")),
];

/** What is well-formed, and has a meaning that the gateway does not give: it is answered, and the connection stays. */
export const HARMLESS: readonly MqttCase[] = [
  harmless("a PUBACK that acknowledges nothing", () => Buffer.from("40027fff", "hex"), ""),
  harmless("a filter that covers everybody", () => subscribe("#"), "9003000180"),
  harmless("a filter with a wildcard in the names", () => subscribe("/sys/+/+/thing/#"), "9003000180"),
  harmless("a shared subscription", (device) => subscribe(`$share/g${topicOf(device, "user/get")}`), "9003000180"),
  harmless(
    "a filter of a neighbour by way of ..",
    ({ productKey, deviceName }) => subscribe(`/${productKey}/${deviceName}/../device_02/user/get`),
    "9003000180",
  ),
  harmless(
    "a message to a neighbour by way of ..",
    (device) => publish(device, 0x32, { topic: topicOf(device, "../device_02/user/update") }),
    "40020001",
  ),
  harmless(
    "a message with an empty level",
    (device) => publish(device, 0x32, { topic: `/${topicOf(device, "user/update")}` }),
    "40020001",
  ),
  harmless(
    "a message with an escaped slash",
    (device) => publish(device, 0x32, { topic: topicOf(device, "user%2fupdate") }),
    "40020001",
  ),
  harmless(
    "a message in the gateway's name",
    (device) => publish(device, 0x32, { topic: topicOf(device, "thing/lifecycle") }),
    "40020001",
  ),
];

/** The CONNECT of a device, sound. */
export function connectOf(
  device: DeviceCertificate,
  given: Partial<Record<keyof IConnectPacket, unknown>> = {},
): IConnectPacket {
  const { password, ...signed } = signMqttLogin(device);
  return {
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    ...signed,
    password: Buffer.from(password),
    ...given,
  } as IConnectPacket;
}

// Fixed header of two bytes (lengths from 128 on have two), and the protocol's name.
const levelAt = 9;

function raw(name: string, hex: string): MqttCase {
  return { name, bytes: () => Buffer.from(hex, "hex"), answer: "" };
}

function changed(name: string, change: (packet: IConnectPacket) => Buffer): MqttCase {
  return { name, bytes: (device) => change(connectOf(device)), answer: "" };
}

function login(name: string, given: Parameters<typeof connectOf>[1], code: number): MqttCase {
  return { name, bytes: (device) => generate(connectOf(device, given)), answer: `2002000${code}` };
}

function after(name: string, more: (device: DeviceCertificate) => Buffer): MqttCase {
  return { name, bytes: (device) => generate(connectOf(device)), later: more, answer: ACCEPTED };
}

function harmless(name: string, more: (device: DeviceCertificate) => Buffer, answer: string): MqttCase {
  const bytes = (device: DeviceCertificate) => Buffer.concat([generate(connectOf(device)), more(device), PINGREQ]);
  return { name, bytes, answer };
}

function withByte(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}

function withFlags(packet: IConnectPacket, change: (flags: number) => number): Buffer {
  const bytes = generate(packet);
  return withByte(bytes, levelAt + 1, change(bytes[levelAt + 1] ?? 0));
}

/** A packet that is shorter by some bytes, and says so. */
function cutAt(bytes: Buffer, length: number): Buffer {
  return Buffer.concat([bytes.subarray(0, 1), Buffer.of(length), bytes.subarray(3, 3 + length)]);
}

function publish(
  device: DeviceCertificate,
  header: number,
  given: { topic?: string; tail?: string; id?: string } = {},
): Buffer {
  const { topic = topicOf(device, "user/update"), tail = "", id = "0001" } = given;
  const name = Buffer.concat([Buffer.from(topic), Buffer.from(tail, "hex")]);
  const messageId = (header & 0x06) === 0 ? Buffer.alloc(0) : Buffer.from(id, "hex");
  return Buffer.concat([
    Buffer.of(header, 2 + name.length + messageId.length + 1, 0, name.length),
    name,
    messageId,
    Buffer.from("x"),
  ]);
}

function subscribe(filter: string): Buffer {
  return generate({ cmd: "subscribe", messageId: 1, subscriptions: [{ topic: filter, qos: 0 }] });
}
