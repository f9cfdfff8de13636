import { readHelloStart } from "../wire/client-hello.ts";
import { HANDSHAKE, type HandshakeFragment } from "../wire/handshake-fragment.ts";
import { helloVerify } from "../wire/hello-verify.ts";
import type { DtlsRecord } from "../wire/record.ts";
import { writeHandshakeRecord } from "../wire/write-record.ts";
import { createCookies } from "./cookies.ts";
import type { FrontDrop, FrontLimits } from "./front-limits.ts";
import { createGatheredHellos } from "./gathered-hellos.ts";
import { type PeerAddress, peerKey } from "./peer-address.ts";
import { createSenderRates } from "./sender-rates.ts";

/** A hello whose sender is where he says he is, whole, in a datagram of its own. */
export interface VerifiedHello {
  readonly head: Buffer;
  readonly datagram: Buffer;
}

/** Where hellos come in: remembers nothing of a sender until he has returned a cookie, and sends him less than he sent. */
export interface HelloDesk {
  /** @returns the hello when it is whole and has a good cookie. */
  hear(fragment: HandshakeFragment, record: DtlsRecord, from: PeerAddress): VerifiedHello | undefined;
  /** Whether a handshake may begin now, by its sender's rate. */
  mayBegin(from: PeerAddress): boolean;
  rotateCookies(): void;
}

/** Opens a hello desk. */
export function createHelloDesk(
  { limits, nowMs, random }: { limits: FrontLimits; nowMs: () => number; random: (bytes: number) => Buffer },
  on: { send(datagram: Buffer, to: PeerAddress): void; dropped(reason: FrontDrop): void },
): HelloDesk {
  const cookies = createCookies(random);
  const gathered = createGatheredHellos();
  const askingRates = createSenderRates(limits.hellosPerSecond, nowMs);
  const beginningRates = createSenderRates(limits.hellosPerSecond, nowMs);

  function askForCookie(head: Buffer, hello: { sequence: number; messageSequence: number }, from: PeerAddress): void {
    if (askingRates.take(from.address)) on.send(helloVerify(cookies.make(from, head), hello), from);
    else on.dropped("hello_rate");
  }

  return {
    hear(fragment, { sequence }, from) {
      const { messageSequence } = fragment;
      if (fragment.offset > 0) {
        const hello = gathered.add(peerKey(from), fragment);
        return hello && { head: hello.head, datagram: wholeHello(hello.message, { sequence, messageSequence }) };
      }
      const start = readHelloStart(fragment.body);
      if (!start) {
        on.dropped("malformed");
        return undefined;
      }
      const { head, cookie } = start;
      if (!cookies.isGood(cookie, from, head)) {
        // RFC 6347 4.2.1: a bad cookie counts as none, for the secret may have been changed meanwhile.
        if (cookie.length > 0) on.dropped("bad_cookie");
        askForCookie(head, { sequence, messageSequence }, from);
        return undefined;
      }
      // A datagram is a view of memory that is used again.
      if (fragment.body.length < fragment.length) {
        gathered.begin(peerKey(from), Buffer.from(head), fragment);
        return undefined;
      }
      return { head: Buffer.from(head), datagram: wholeHello(fragment.body, { sequence, messageSequence }) };
    },
    mayBegin: ({ address }) => beginningRates.take(address),
    rotateCookies: () => cookies.rotate(),
  };
}

/** What the engine reads holds the hello alone: the front has not looked at what stood behind it. */
function wholeHello(body: Buffer, at: { sequence: number; messageSequence: number }): Buffer {
  return writeHandshakeRecord({ type: HANDSHAKE.clientHello, ...at, body });
}
