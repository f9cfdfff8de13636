import { describe, expect, it } from "vitest";
import { forwardedPeer } from "./origin.ts";

const PROXIES = new Set(["10.0.0.1", "10.0.0.2"]);
const peerOf = (peer: string, hops: string) => forwardedPeer(peer, hops, (address) => PROXIES.has(address));

describe("where a forwarded request comes from", () => {
  it("is the connection, unless that is a trusted proxy", () => {
    expect(peerOf("192.0.2.1", "198.51.100.7")).toBe("192.0.2.1");
    expect(peerOf("10.0.0.1", "198.51.100.7")).toBe("198.51.100.7");
  });

  it("is the nearest hop that is no trusted proxy, whatever stands before it", () => {
    expect(peerOf("10.0.0.1", "203.0.113.9, 198.51.100.7,10.0.0.2")).toBe("198.51.100.7");
  });

  it("is the farthest proxy when all are trusted", () => {
    expect(peerOf("10.0.0.1", "10.0.0.2")).toBe("10.0.0.2");
  });

  it("is not what is no address, nor what stands before it", () => {
    for (const hops of ["", "unknown", "203.0.113.9, nonsense", "198.51.100.7:443", "203.0.113.9,,"])
      expect(peerOf("10.0.0.1", hops)).toBe("10.0.0.1");
  });

  it("is an IPv4 address in its own form", () => {
    expect(peerOf("10.0.0.1", "::ffff:198.51.100.7")).toBe("198.51.100.7");
    expect(peerOf("10.0.0.1", "2001:db8::7")).toBe("2001:db8::7");
  });
});
