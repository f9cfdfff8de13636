import { Secret } from "@trine/core/certificate";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createFactReader } from "./channel-facts.ts";
import { readProxyHeader } from "./read-proxy-header.ts";
import { writeProxyHeader } from "./write-proxy-header.ts";

const KEY = new Secret("k".repeat(43));
const believing = createFactReader(KEY);
const read = (bytes: Buffer, reader = believing) => readProxyHeader(bytes, reader);
const device = { productKey: "a1b2C3d4E5f", deviceName: "pump-7.B:3@site_1" } as never;
const PSK = { kind: "psk", device, secretVersion: 3 } as const;
const X509 = { kind: "x509", chain: [Buffer.from("own"), Buffer.from("its signer")] } as const;

describe("a header of version 2", () => {
  it.each(["192.0.2.7", "2001:db8::7"])("says where %s is, and that nothing more is known", (source) => {
    const header = writeProxyHeader({ source, isSecured: false }, KEY);
    expect(read(header)).toEqual({ is: "header", header: { source, isSecured: false }, bytes: header.length });
  });

  it.each([
    ["a pre-shared key", PSK],
    ["a certificate", X509],
  ])("carries what %s proved, to whoever has its key", (_, proof) => {
    const header = writeProxyHeader({ source: "192.0.2.7", isSecured: true, proof }, KEY);
    expect(read(header)).toMatchObject({ is: "header", header: { isSecured: true, proof } });
  });

  it("with a proof is void without the key, with another one, and when one bit is another", () => {
    const header = writeProxyHeader({ source: "192.0.2.7", isSecured: true, proof: PSK }, KEY);
    expect(read(header, createFactReader(undefined)).is).toBe("broken");
    expect(read(header, createFactReader(new Secret("x".repeat(43)))).is).toBe("broken");
    for (let at = 16; at < header.length; at += 1) {
      const forged = Buffer.from(header);
      forged[at] = (forged[at] ?? 0) ^ 1;
      const verdict = read(forged);
      expect(verdict.is === "header" && "proof" in verdict.header, `byte ${at}`).toBe(false);
    }
  });

  it("leaves what follows it alone, and waits while it is not whole", () => {
    const header = writeProxyHeader({ source: "192.0.2.7", isSecured: true, proof: X509 }, KEY);
    expect(read(Buffer.concat([header, Buffer.from("more")]))).toMatchObject({ bytes: header.length });
    for (let length = 1; length < header.length; length += 1)
      expect(read(header.subarray(0, length)).is, `${length} bytes`).toBe("partial");
  });
});

describe("a header of version 1", () => {
  it.each([
    ["PROXY TCP4 192.0.2.7 192.0.2.1 56324 1883\r\n", "192.0.2.7"],
    ["PROXY TCP6 2001:DB8::7 2001:db8::1 56324 1883\r\n", "2001:db8::7"],
    ["PROXY UNKNOWN whatever\r\n", undefined],
  ])("%j is read", (text, source) => {
    const header = { ...(source === undefined ? {} : { source }), isSecured: false };
    expect(read(Buffer.from(text))).toEqual({ is: "header", header, bytes: text.length });
  });

  it.each([
    "PROXY TCP4 2001:db8::7 192.0.2.1 1 1\r\n",
    "PROXY TCP4 192.0.2.7 192.0.2.1 1 65536\r\n",
    "PROXY TCP4 192.0.2.7 192.0.2.1 01 1\r\n",
    "PROXY TCP4 192.0.2.7 192.0.2.1 1\r\n",
    "PROXY UDP4 192.0.2.7 192.0.2.1 1 1\r\n",
    `PROXY ${"x".repeat(200)}`,
  ])("%j is none", (text) => {
    expect(read(Buffer.from(text)).is).toBe("broken");
  });
});

it("any other bytes have one verdict, and more of them never take it back", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, cut) => {
      const [part, whole] = [read(Buffer.from(bytes.subarray(0, cut))), read(Buffer.from(bytes))];
      if (part.is === "absent" || part.is === "broken") expect(whole.is).toBe(part.is);
    }),
  );
});
