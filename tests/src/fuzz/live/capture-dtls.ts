import { createSocket } from "node:dgram";
import { once } from "node:events";
import { type DeviceCertificate, signPsk } from "@trine/device";
import { createDtlsConnector } from "@trine/dtls/client";

const HANDSHAKE_MS = 10_000;

/** All datagrams of a device from its first hello to what it says in its session. @throws when the gateway does not let it in. */
export async function captureDtls(port: number, device: DeviceCertificate): Promise<readonly [Buffer, ...Buffer[]]> {
  const [near, far] = [createSocket("udp4"), createSocket("udp4")];
  const said: Buffer[] = [];
  near.bind(0, "127.0.0.1");
  await once(near, "listening");
  near.on("message", (datagram, from) => {
    said.push(Buffer.from(datagram));
    far.removeAllListeners("message");
    far.on("message", (answer) => near.send(answer, from.port, from.address));
    far.send(datagram, port, "127.0.0.1");
  });
  const connectDtls = await createDtlsConnector({ suites: "PSK-AES128-CBC-SHA" });
  const client = await connectDtls({ port: near.address().port, psk: signPsk(device), timeoutMs: HANDSHAKE_MS });
  client.send(Buffer.from("hello"));
  await client.close();
  near.close();
  far.close();
  const [first, ...rest] = said;
  if (!first) throw new Error("the device said nothing");
  return [first, ...rest];
}
