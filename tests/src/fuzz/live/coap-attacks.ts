import { connectCoap } from "@trine/device";
import { generate, type Option, type Packet } from "coap-packet";
import { maybeMutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyPacket, coapDatagrams } from "../targets/coap-datagrams.ts";
import { coapCborLogin, coapJsonLogin } from "../targets/login-bodies.ts";
import type { Attack, Battlefield } from "./attack.ts";
import { openThrower } from "./throw-bytes.ts";

const PORTS = ["TRINE_COAP_PORT", "TRINE_COAP_SYMMETRIC_PORT"] as const;
/** Of a token (wire-format 5.2). */
const TOKEN_OPTION = "2088";
const JSON_FORMAT = Buffer.of(50);
const CBOR_FORMAT = Buffer.of(60);
const MOST_BYTES = 65_507;

/** CoAP of strangers, and of a device with a token of its own. */
export async function coapAttacks({ ports, devices }: Battlefield): Promise<readonly Attack[]> {
  const port = ports["TRINE_COAP_PORT"] ?? 0;
  const { token, close } = await connectCoap({ host: "127.0.0.1", port, certificate: devices[0], mode: "plain" });
  const thrower = await openThrower();
  const attack = (name: string, make: (random: RandomSource) => Buffer): Attack => ({
    name: `CoAP, ${name}`,
    run: (random) => thrower.throwAt(ports[random.pick(PORTS)] ?? 0, make(random)),
  });
  const known = (random: RandomSource) => {
    const packet = anyPacket(random);
    const proof = { name: TOKEN_OPTION, value: Buffer.from(token) } as unknown as Option;
    return maybeMutate(random, generate({ ...packet, options: [...(packet.options ?? []), proof] }, MOST_BYTES), 3);
  };
  return [
    attack("datagrams", (random) => coapDatagrams.make(random).bytes),
    attack("logins", (random) => login(random)),
    {
      ...attack("with a token", known),
      async close() {
        thrower.close();
        await close();
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
