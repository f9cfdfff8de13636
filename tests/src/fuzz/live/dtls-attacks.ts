import { setTimeout as wait } from "node:timers/promises";
import { signPsk } from "@trine/device";
import { createDtlsConnector } from "@trine/dtls/client";
import { mutate } from "../mutate.ts";
import { coapDatagrams } from "../targets/coap-datagrams.ts";
import { ATTACKER, type Attack, type Battlefield } from "./attack.ts";
import { goodLogin, knownDatagram, tokenIn } from "./coap-known.ts";
import { openThrower } from "./throw-bytes.ts";

const HANDSHAKE_MS = 5_000;
const ANSWER_MS = 50;
/** Of one record that fits into one datagram. */
const MOST_BYTES = 1_100;

/** DTLS of strangers, and what a device sends within a session of its own. */
export async function dtlsAttacks({
  ports,
  devices,
  flight,
}: Battlefield & { flight: readonly [Buffer, ...Buffer[]] }): Promise<readonly Attack[]> {
  const port = ports["TRINE_COAPS_PORT"] ?? 0;
  const thrower = await openThrower();
  const connect = await createDtlsConnector({ suites: "PSK-AES128-CBC-SHA" });
  return [
    {
      name: "DTLS, records",
      run: (random) =>
        thrower.throwAt(port, random.once(8) ? random.bytes(random.length(400)) : mutate(random, random.pick(flight))),
      close: async () => thrower.close(),
    },
    {
      name: "DTLS, within a session",
      async run(random) {
        const device = random.pick(devices);
        let token = "";
        const client = await connect({
          port,
          from: { address: ATTACKER },
          psk: signPsk(device),
          timeoutMs: HANDSHAKE_MS,
          onDatagram: (plain) => {
            token = tokenIn(plain) ?? token;
          },
        }).catch(() => undefined);
        if (!client) return;
        if (random.once(2)) {
          client.send(goodLogin(random, device));
          await wait(ANSWER_MS);
        }
        for (let left = random.between(1, 20); left > 0; left -= 1) {
          const bytes = random.once(2) ? coapDatagrams.make(random).bytes : knownDatagram(random, { device, token });
          client.send(bytes.subarray(0, MOST_BYTES));
        }
        await (random.once(2) ? client.close() : client.abandon());
      },
    },
  ];
}
