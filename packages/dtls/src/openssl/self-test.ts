import { randomBytes } from "node:crypto";
import type { DtlsEngine, EngineSession } from "../engine/engine.ts";
import { readHandshakeFragments } from "../wire/handshake-fragment.ts";
import { helloVerify } from "../wire/hello-verify.ts";
import { readRecords } from "../wire/record.ts";
import type { LoadedOpenSsl } from "./load-openssl.ts";
import { createClientMaker } from "./openssl-client.ts";

const MOST_FLIGHTS = 10;

/**
 * Has a server session of an engine and a client greet each other in memory, by a key, and exchange a datagram: what is wrong with the
 * functions that are called, or their signatures, shows before a device is served.
 *
 * @throws when they do not understand each other.
 */
export function selfTest(loaded: LoadedOpenSsl, engine: DtlsEngine): void {
  const key = randomBytes(64);
  const client = createClientMaker(loaded, { suites: "PSK-AES128-GCM-SHA256" })({ identity: "self-test", key });
  const server = engine.openSession();
  try {
    server.feed(helloWithCookie(client));
    server.setPsk(key);
    for (let flights = 0; flights < MOST_FLIGHTS && !(server.isFinished() && client.isFinished()); flights += 1) {
      for (const datagram of server.takeOutput()) client.feed(datagram);
      for (const datagram of client.takeOutput()) server.feed(datagram);
    }
    if (!server.isFinished() || !client.isFinished()) throw new Error("the handshake does not end");
    expectEcho(client, server);
    expectEcho(server, client);
  } finally {
    server.free();
    client.free();
  }
}

/** Lets a client say hello, and again with a cookie. @returns the latter. */
export function helloWithCookie(client: EngineSession): Buffer {
  client.feed(Buffer.alloc(0));
  const [record] = readRecords(client.takeOutput()[0] ?? Buffer.alloc(0));
  const [hello] = record ? readHandshakeFragments(record) : [];
  if (!record || !hello) throw new Error("the client says no hello");
  client.feed(helloVerify(randomBytes(20), { ...hello, sequence: record.sequence }));
  return Buffer.concat(client.takeOutput());
}

function expectEcho(from: EngineSession, to: EngineSession): void {
  const said = randomBytes(16);
  from.write(said);
  const [heard] = from.takeOutput().flatMap((datagram) => to.feed(datagram));
  if (!heard?.equals(said)) throw new Error("a datagram does not come through");
}
