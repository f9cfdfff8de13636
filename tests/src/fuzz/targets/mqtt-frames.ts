import { generate, type Packet, parser } from "mqtt-packet";
import { type FrameFault, FrameGuard } from "../../../../apps/mqtt/src/frame-guard.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyText, nameText } from "../texts.ts";

const LIMITS = { payloadBytes: 2_048, filtersPerSubscribe: 3 };
/** The largest packet that the guard lets through, with its fixed header. */
const MOST_BYTES = 32_768 + 5;

interface Stream {
  readonly bytes: Buffer;
  /** Nothing in it is beyond what the gateway has. */
  readonly isSound: boolean;
}

/** What one connection sends, read by the guard in pieces, and by the engine's parser behind it. */
export const mqttFrames = pureTarget<Stream>({
  name: "mqtt frames",
  share: 80,
  make(random) {
    const packets = random.times(random.length(6), () => laterPacket(random));
    const bytes = Buffer.concat([connectPacket(random), ...packets].map((packet) => generate(packet)));
    if (random.once(3)) return { bytes, isSound: true };
    return { bytes: random.once(4) ? random.bytes(random.length(200)) : mutate(random, bytes), isSound: false };
  },
  check({ bytes, isSound }, random) {
    const whole = inspect(bytes, [bytes.length]);
    const pieces = inspect(bytes, cuts(random, bytes.length));
    must(whole.fault === pieces.fault, `whole: ${whole.fault}, in pieces: ${pieces.fault}`);
    must(!isSound || whole.fault === undefined, `a sound stream was cut off: ${whole.fault}`);
    if (whole.fault) return;
    must(whole.bytes.equals(pieces.bytes), "what is handed on depends on how it came");
    parseAsTheEngine(whole.bytes);
  },
});

/** Whatever the guard lets through, the engine's parser takes, or says that it is malformed; it never holds more than one packet may have. */
function parseAsTheEngine(bytes: Buffer): void {
  const engine = parser({ protocolVersion: 4 });
  engine.on("packet", (packet: Packet) => {
    if (packet.cmd === "publish") {
      must(packet.qos < 2, "a message of QoS 2 came through");
      must(!packet.retain, "a retain flag came through");
    }
    if (packet.cmd === "subscribe")
      must(
        packet.subscriptions.every(({ qos }) => qos < 2),
        "a subscription of QoS 2 came through",
      );
  });
  engine.on("error", () => undefined);
  must(engine.parse(bytes) <= MOST_BYTES, "the engine holds more than a packet may have");
}

function inspect(bytes: Buffer, lengths: readonly number[]): { fault: FrameFault | undefined; bytes: Buffer } {
  const guard = new FrameGuard(LIMITS);
  const copy = Buffer.from(bytes);
  let at = 0;
  for (const length of lengths) {
    const fault = guard.inspect(copy.subarray(at, at + length));
    if (fault) return { fault, bytes: copy };
    at += length;
  }
  return { fault: undefined, bytes: copy };
}

function cuts(random: RandomSource, length: number): number[] {
  const lengths: number[] = [];
  const most = random.pick([1, 3, 20, 400]);
  for (let left = length; left > 0; left -= lengths.at(-1) ?? 0) lengths.push(Math.min(left, random.between(1, most)));
  return lengths;
}

function connectPacket(random: RandomSource): Packet {
  const isOld = random.once(4);
  return {
    cmd: "connect",
    protocolId: isOld ? "MQIsdp" : "MQTT",
    protocolVersion: isOld ? 3 : 4,
    clean: random.once(2),
    clientId: `${nameText(random, 1, 60)}|securemode=3,signmethod=hmacsha1|`,
    keepalive: random.below(2_000),
    username: nameText(random, 1, 40),
    password: random.bytes(random.length(64)),
    ...(random.once(3)
      ? { will: { topic: nameText(random, 1, 20), payload: random.bytes(random.length(50)), qos: 0, retain: true } }
      : {}),
  };
}

/** A packet of a device that is logged in. */
export function laterPacket(random: RandomSource): Packet {
  const messageId = random.between(1, 0xffff);
  switch (random.below(6)) {
    case 0:
      return { cmd: "pingreq" };
    case 1:
      return { cmd: "puback", messageId };
    case 2:
      return { cmd: "unsubscribe", messageId, unsubscriptions: filters(random) };
    case 3:
      return {
        cmd: "subscribe",
        messageId,
        subscriptions: filters(random).map((topic) => ({ topic, qos: random.pick([0, 1, 2]) })),
      };
    default:
      return {
        cmd: "publish",
        messageId,
        qos: random.pick([0, 1]),
        dup: false,
        retain: random.once(2),
        topic: `/${nameText(random, 1, 40)}`,
        payload: random.bytes(random.length(300)),
      };
  }
}

function filters(random: RandomSource): string[] {
  return random.times(random.between(1, 5), () => `/${anyText(random, 20).replaceAll(/[\0\p{Surrogate}+#]/gu, "")}`);
}
