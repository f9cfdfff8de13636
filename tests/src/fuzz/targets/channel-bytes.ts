import { Secret } from "@trine/core/certificate";
import { parseX509 } from "../../../../packages/core/src/x509/parse-x509.ts";
import { readHead } from "../../../../packages/ingress/src/arrive/read-head.ts";
import { createFactReader } from "../../../../packages/ingress/src/proxy/channel-facts.ts";
import { readProxyHeader } from "../../../../packages/ingress/src/proxy/read-proxy-header.ts";
import { writeProxyHeader } from "../../../../packages/ingress/src/proxy/write-proxy-header.ts";
import { createIdentityReader } from "../../../../packages/ingress/src/tls/identity-reader.ts";
import { readHello } from "../../../../packages/ingress/src/tls/read-hello.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";

const KEY = new Secret("a key of this fuzzer, which is long enough");
const readFacts = createFactReader(KEY);

/** Headers of the PROXY protocol, both versions. */
export const proxyHeaders = pureTarget({
  name: "proxy headers",
  share: 40,
  make: (random) => maybeSpoiled(random, random.once(2) ? proxyV1(random) : proxyV2(random)),
  check(bytes) {
    const verdict = readProxyHeader(bytes, readFacts);
    if (verdict.is !== "header") return;
    must(verdict.bytes <= bytes.length, "a header is longer than what was sent");
    must(verdict.header.proof === undefined, "a proof was believed that nobody signed");
  },
});

/** What TLS clients begin with, record by record, in any pieces. */
export const tlsFlights = pureTarget({
  name: "tls flights",
  share: 40,
  make: (random) => maybeSpoiled(random, Buffer.concat(random.times(random.between(1, 4), () => tlsRecord(random)))),
  check(bytes, random) {
    const hello = readHello(bytes);
    if (hello.is === "hello") must(hello.suites.length * 2 <= bytes.length, "more suites than bytes");
    const read = createIdentityReader();
    const passed: Buffer[] = [];
    for (let at = 0; at < bytes.length; ) {
      const chunk = bytes.subarray(at, at + random.between(1, 64));
      at += chunk.length;
      const progress = read(chunk);
      if (progress.is === "reading") passed.push(...progress.pass);
      if (progress.is === "reading") continue;
      passed.push(progress.rest, bytes.subarray(at));
      must((progress.identity?.length ?? 0) <= 256, "an identity of more bytes than any has");
      must(Buffer.concat(passed).equals(bytes), "bytes were lost or changed on their way");
      return;
    }
    const all = Buffer.concat(passed);
    must(bytes.subarray(0, all.length).equals(all), "bytes were changed on their way");
  },
});

/** Heads of requests that may ask for a WebSocket. */
export const requestHeads = pureTarget({
  name: "request heads",
  share: 30,
  make(random) {
    const upgrade = random.once(2) ? `Upgrade: ${random.pick(["websocket", "WebSocket", "h2c", "x"])}\r\n` : "";
    const lines = random.times(
      random.length(20),
      () => `${"x".repeat(random.length(30))}:${" ".repeat(random.length(200))}y\r\n`,
    );
    return maybeSpoiled(random, Buffer.from(`GET / HTTP/1.1\r\n${lines.join("")}${upgrade}\r\n`));
  },
  check(bytes) {
    const asks = readHead(bytes);
    must(asks !== undefined || bytes.length < 8_192, "a head without an end is waited for without one");
  },
});

/** Certificates in DER: a small tree of elements, spoiled. */
export const x509Certificates = pureTarget({
  name: "x509 certificates",
  share: 30,
  make: (random) => maybeSpoiled(random, derElement(random, 6)),
  check(bytes) {
    parseX509(bytes);
  },
});

function maybeSpoiled(random: RandomSource, bytes: Buffer): Buffer {
  return random.once(3) ? bytes : mutate(random, bytes);
}

function proxyV1(random: RandomSource): Buffer {
  const family = random.pick(["TCP4", "TCP6", "UNKNOWN", "UDP4"]);
  const address = () => random.pick(["192.0.2.7", "2001:db8::7", "::ffff:1.2.3.4", "256.1.1.1", ""]);
  return Buffer.from(`PROXY ${family} ${address()} ${address()} ${random.below(70_000)} 1883\r\nrest`);
}

function proxyV2(random: RandomSource): Buffer {
  const source = random.pick(["192.0.2.7", "2001:db8::7"]);
  const header = writeProxyHeader({ source, isSecured: random.once(2) }, KEY);
  const facts = random.bytes(random.length(60));
  const whole = Buffer.concat([header, facts]);
  whole.writeUInt16BE(whole.length - 16, 14);
  return whole;
}

function tlsRecord(random: RandomSource): Buffer {
  const body = Buffer.concat([Buffer.of(random.pick([1, 16, 11, 2]), 0), random.bytes(random.length(80))]);
  if (body.length >= 4) body.writeUInt16BE(body.length - 4, 2);
  return Buffer.concat([Buffer.of(random.pick([0x16, 0x14, 0x15]), 3, 3, body.length >> 8, body.length & 255), body]);
}

function derElement(random: RandomSource, depth: number): Buffer {
  const tag = random.pick([0x30, 0x31, 0x02, 0x03, 0x04, 0x05, 0x06, 0x0c, 0x13, 0x17, 0x18, 0xa0, 0xa3]);
  const isTree = depth > 0 && (tag & 0x20) !== 0;
  const body = isTree
    ? Buffer.concat(random.times(random.length(6), () => derElement(random, depth - 1)))
    : random.bytes(random.length(24));
  const length =
    body.length < 128 ? Buffer.of(body.length) : Buffer.of(0x82, (body.length >> 8) & 255, body.length & 255);
  return Buffer.concat([Buffer.of(tag), length, body]);
}
