import { signPsk } from "@trine/device";
import { createDtlsConnector } from "@trine/dtls/client";
import { mutate } from "../mutate.ts";
import { coapDatagrams } from "../targets/coap-datagrams.ts";
import { ATTACKER, type Attack, type Battlefield } from "./attack.ts";
import { openThrower } from "./throw-bytes.ts";

const HANDSHAKE_MS = 5_000;

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
        const client = await connect({
          port,
          from: { address: ATTACKER },
          psk: signPsk(random.pick(devices)),
          timeoutMs: HANDSHAKE_MS,
        }).catch(() => undefined);
        if (!client) return;
        for (let left = random.between(1, 20); left > 0; left -= 1)
          client.send(coapDatagrams.make(random).bytes.subarray(0, 1_100));
        await (random.once(2) ? client.close() : client.abandon());
      },
    },
  ];
}
