import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { proxyHeaders, requestHeads, tlsFlights } from "../targets/channel-bytes.ts";
import { mqttFrames } from "../targets/mqtt-frames.ts";
import { type Attack, type Battlefield, TRUSTED_ATTACKER } from "./attack.ts";
import { throwOverTcp } from "./throw-bytes.ts";

const TLS_PORTS = ["TRINE_MQTT_PORT", "TRINE_MQTTS_PORT", "TRINE_HTTPS_PORT", "TRINE_ALL_PORT"] as const;
const OPEN_PORTS = ["TRINE_MQTT_PORT", "TRINE_ALL_PORT"] as const;

/** What stands between a socket and a protocol: TLS, WebSocket, the PROXY protocol. */
export function channelAttacks({ ports, hello }: Battlefield & { hello: Buffer }): readonly Attack[] {
  return [
    {
      name: "TLS, flights",
      run: (random) =>
        throwOverTcp(random, {
          port: ports[random.pick(TLS_PORTS)] ?? 0,
          bytes: random.once(2) ? tlsFlights.make(random) : mutate(random, hello),
        }),
    },
    {
      name: "PROXY protocol, untrusted",
      run: (random) =>
        throwOverTcp(random, { port: ports[random.pick(OPEN_PORTS)] ?? 0, bytes: proxyHeaders.make(random) }),
    },
    {
      name: "PROXY protocol, trusted",
      run: (random) =>
        throwOverTcp(random, {
          port: ports[random.pick(OPEN_PORTS)] ?? 0,
          bytes: Buffer.concat([proxyHeaders.make(random), mqttFrames.make(random).bytes]),
          from: TRUSTED_ATTACKER,
        }),
    },
    {
      name: "WebSocket, requests",
      run: (random) =>
        throwOverTcp(random, { port: ports[random.pick(OPEN_PORTS)] ?? 0, bytes: requestHeads.make(random) }),
    },
    {
      name: "WebSocket, frames",
      run: (random) =>
        throwOverTcp(random, {
          port: ports[random.pick(OPEN_PORTS)] ?? 0,
          before: upgradeRequest(random),
          bytes: Buffer.concat(random.times(random.between(1, 5), () => frame(random))),
        }),
    },
  ];
}

function upgradeRequest(random: RandomSource): Buffer {
  const key = random.bytes(16).toString("base64");
  return Buffer.from(
    `GET /mqtt HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${key}\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n`,
  );
}

/** RFC 6455 5.2, with whatever opcode, mask and length. */
function frame(random: RandomSource): Buffer {
  const { bytes } = mqttFrames.make(random);
  const payload = bytes.subarray(0, 60_000);
  const masked = random.once(8) ? 0 : 0x80;
  const opcode = random.once(3) ? random.below(16) : 2;
  const first = (random.once(6) ? 0 : 0x80) | (random.once(20) ? 0x70 : 0) | opcode;
  const claimed = random.once(20) ? random.below(0x10000) : payload.length;
  const length =
    claimed < 126 ? Buffer.of(masked | claimed) : Buffer.of(masked | 126, (claimed >> 8) & 255, claimed & 255);
  const mask = masked ? random.bytes(4) : Buffer.alloc(0);
  const body = masked ? Buffer.from(payload.map((byte, at) => byte ^ (mask[at % 4] ?? 0))) : payload;
  return Buffer.concat([Buffer.of(first), length, mask, body]);
}
