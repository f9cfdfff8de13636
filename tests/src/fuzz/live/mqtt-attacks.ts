import { signMqttLogin } from "@trine/device";
import { generate } from "mqtt-packet";
import { topicOf } from "../../fleet.ts";
import { maybeMutate, mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { mqttConnect } from "../targets/mqtt-connect.ts";
import { laterPacket, mqttFrames } from "../targets/mqtt-frames.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { throwOverTcp } from "./throw-bytes.ts";

const PORTS = ["TRINE_MQTT_PORT", "TRINE_ALL_PORT"] as const;
const TLS_PORTS = ["TRINE_MQTTS_PORT", "TRINE_MQTT_PORT", "TRINE_ALL_PORT"] as const;

/** MQTT of strangers, and of a device that is logged in, in clear and in TLS. */
export function mqttAttacks({ ports, devices }: Battlefield): readonly Attack[] {
  const portOf = (random: RandomSource, secured: boolean) =>
    ports[secured ? random.pick(TLS_PORTS) : random.pick(PORTS)] ?? 0;

  /** A good login of one of the attackers' own devices. */
  function login(random: RandomSource, secured: boolean): { bytes: Buffer; topic: string } {
    const device = random.pick(devices);
    const { clientId, username, password } = signMqttLogin(device, { secureMode: secured ? 2 : 3 });
    const connect = generate({
      cmd: "connect",
      protocolId: "MQTT",
      protocolVersion: 4,
      clean: random.once(2),
      keepalive: 60,
      clientId,
      username,
      password: Buffer.from(password),
    });
    return { bytes: connect, topic: topicOf(device, "user/update") };
  }

  function known(secured: boolean): Attack {
    return {
      name: `MQTT${secured ? " in TLS" : ""}, logged in`,
      run(random) {
        const { bytes, topic } = login(random, secured);
        const packets = random.times(random.between(1, 8), () => laterPacket(random));
        const own = packets.map((packet) =>
          packet.cmd === "publish" && random.once(2) ? { ...packet, topic } : packet,
        );
        const later = maybeMutate(random, Buffer.concat(own.map((packet) => generate(packet))));
        return throwOverTcp(random, { port: portOf(random, secured), before: bytes, bytes: later, secured });
      },
    };
  }

  const strange = (secured: boolean): Attack => ({
    name: `MQTT${secured ? " in TLS" : ""}, unknown`,
    run: (random) => throwOverTcp(random, { port: portOf(random, secured), bytes: strangeBytes(random), secured }),
  });

  const spoiledLogin: Attack = {
    name: "MQTT, logins spoiled",
    run: (random) =>
      throwOverTcp(random, { port: portOf(random, false), bytes: mutate(random, login(random, false).bytes) }),
  };
  return [strange(false), strange(true), spoiledLogin, known(false), known(true)];
}

function strangeBytes(random: RandomSource): Buffer {
  if (random.once(2)) return mqttFrames.make(random).bytes;
  const { clientId, username, password } = mqttConnect.make(random);
  return generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    keepalive: random.pick([30, 60, 1_200]),
    clientId: clientId || "-",
    ...(username === undefined ? {} : { username: username || "-", password: password ?? Buffer.alloc(0) }),
  });
}
