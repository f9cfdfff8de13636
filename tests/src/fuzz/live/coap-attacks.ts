import { connectCoap } from "@trine/device";
import { generate, type Packet } from "coap-packet";
import { topicOf } from "../../fleet.ts";
import type { RandomSource } from "../random-source.ts";
import { coapDatagrams } from "../targets/coap-datagrams.ts";
import { coapCborLogin, coapJsonLogin } from "../targets/login-bodies.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { knownDatagram } from "./coap-known.ts";
import { openThrower } from "./throw-bytes.ts";

const PORTS = ["TRINE_COAP_PORT", "TRINE_COAP_SYMMETRIC_PORT"] as const;
const JSON_FORMAT = Buffer.of(50);
const CBOR_FORMAT = Buffer.of(60);
const MOST_BYTES = 65_507;

/** CoAP of strangers, and of a device with a token of its own. */
export async function coapAttacks({ ports, devices }: Battlefield): Promise<readonly Attack[]> {
  const port = ports["TRINE_COAP_PORT"] ?? 0;
  const [device] = devices;
  const connection = await connectCoap({ host: "127.0.0.1", port, certificate: device, mode: "plain" });
  const thrower = await openThrower();
  const attack = (name: string, make: (random: RandomSource) => Buffer): Attack => ({
    name: `CoAP, ${name}`,
    run: (random) => thrower.throwAt(ports[random.pick(PORTS)] ?? 0, make(random)),
  });
  const known = (random: RandomSource) => knownDatagram(random, { device, token: connection.token });
  return [
    attack("datagrams", (random) => coapDatagrams.make(random).bytes),
    attack("logins", (random) => login(random)),
    {
      ...attack("with a token", known),
      async close() {
        thrower.close();
        await connection.publish({ topic: topicOf(device, "user/update"), payload: "the token is good still" });
        await connection.close();
      },
    },
  ];
}

function login(random: RandomSource): Buffer {
  const isJson = random.once(2);
  const { bytes } = isJson ? coapJsonLogin.make(random) : coapCborLogin.make(random);
  const packet: Packet = {
    code: "0.02",
    confirmable: true,
    messageId: random.below(0x10000),
    token: random.bytes(4),
    options: [
      { name: "Uri-Path", value: Buffer.from("auth") },
      { name: "Content-Format", value: isJson ? JSON_FORMAT : CBOR_FORMAT },
    ],
    payload: bytes,
  };
  return generate(packet, MOST_BYTES);
}
