import type { PeerAddress } from "../../../../packages/dtls/src/front/peer-address.ts";
import { type HelloStart, readHelloStart } from "../../../../packages/dtls/src/wire/client-hello.ts";
import {
  HANDSHAKE,
  type HandshakeFragment,
  readHandshakeFragments,
} from "../../../../packages/dtls/src/wire/handshake-fragment.ts";
import { readRecords } from "../../../../packages/dtls/src/wire/record.ts";
import { must } from "../fuzz-target.ts";

/** Who has proved that he is where he says he is, and what the others get (RFC 6347 4.2.1). */
export interface Senders {
  /** @returns whether its sender has returned a cookie by now. */
  sends(datagram: Buffer, from: PeerAddress): boolean;
  /** @returns whether the one who gets it has returned a cookie. @throws InvariantError when he has not, and gets too much. */
  gets(datagram: Buffer, to: PeerAddress): boolean;
  /** @throws InvariantError unless the sender of the last datagram has returned a cookie. */
  begins(): void;
  rotated(): void;
  /** Time has passed: an address may be asked again. */
  timePassed(): void;
}

interface Sender {
  sent: number;
  got: number;
  isProven: boolean;
  /** Cookies by what they were made for, and how often the secret had been changed then. */
  readonly cookies: Map<string, number>;
}

// Cookies of the secret before count as well.
const SECRETS = 2;

/** Opens the book. */
export function createSenders(hellosPerSecond: number): Senders {
  const senders = new Map<string, Sender>();
  const asked = new Map<string, number>();
  let rotations = 0;
  let last: { at: string; sender: Sender; isHello: boolean; start: HelloStart | undefined } | undefined;

  return {
    sends(datagram, from) {
      const at = `${from.address} ${from.port}`;
      const sender = senders.get(at) ?? { sent: 0, got: 0, isProven: false, cookies: new Map() };
      senders.set(at, sender);
      sender.sent += datagram.length;
      const hello = helloIn(datagram);
      const start = hello?.offset === 0 ? readHelloStart(hello.body) : undefined;
      last = { at, sender, isHello: hello !== undefined, start };
      const madeAt = start && sender.cookies.get(nameOf(start.head, start.cookie));
      if (madeAt !== undefined && rotations - madeAt < SECRETS) sender.isProven = true;
      return sender.isProven;
    },
    gets(datagram, { address, port }) {
      const sender = senders.get(`${address} ${port}`);
      must(sender !== undefined, "something is sent to somebody who never sent anything");
      sender.got += datagram.length;
      must(sender.isProven || sender.got < sender.sent, "whoever proved nothing gets as much as he sends");
      const request = firstFragment(datagram);
      if (request?.type === HANDSHAKE.helloVerifyRequest) {
        must(
          last?.at === `${address} ${port}` && last.start !== undefined,
          "a cookie is sent to somebody who said no hello",
        );
        sender.cookies.set(nameOf(last.start.head, request.body.subarray(3)), rotations);
        const times = (asked.get(address) ?? 0) + 1;
        asked.set(address, times);
        must(times <= hellosPerSecond, "an address is asked for cookies more often than may be");
      } else must(sender.isProven, "whoever proved nothing gets more than a request for a cookie");
      return sender.isProven;
    },
    begins() {
      must(last?.sender.isProven === true, "a session began without a good cookie");
      must(last.isHello, "a session began without a hello");
    },
    rotated() {
      rotations += 1;
    },
    timePassed: () => asked.clear(),
  };
}

/** In clear: what is said in a session is the session's. */
function helloIn(datagram: Buffer): HandshakeFragment | undefined {
  const fragment = firstFragment(datagram);
  return fragment?.type === HANDSHAKE.clientHello && datagram.readUInt16BE(3) === 0 ? fragment : undefined;
}

function firstFragment(datagram: Buffer): HandshakeFragment | undefined {
  const [record] = readRecords(datagram);
  return record && readHandshakeFragments(record)[0];
}

function nameOf(head: Buffer, cookie: Buffer): string {
  return `${head.toString("hex")} ${cookie.toString("hex")}`;
}
