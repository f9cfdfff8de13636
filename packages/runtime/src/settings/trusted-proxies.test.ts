import { expect, it } from "vitest";
import { parseTrustedProxies } from "./trusted-proxies.ts";

it("nobody is trusted unless told", () => {
  const isTrusted = parseTrustedProxies(undefined);
  expect(isTrusted("127.0.0.1")).toBe(false);
  expect(isTrusted("::1")).toBe(false);
});

it("an address stands for itself, and a network for all of its own", () => {
  const isTrusted = parseTrustedProxies("192.0.2.7, 10.0.0.0/8,2001:db8::/32 , ::1");
  for (const address of ["192.0.2.7", "10.255.0.1", "2001:db8:1::2", "::1"]) expect(isTrusted(address)).toBe(true);
  for (const address of ["192.0.2.8", "11.0.0.1", "2001:db9::1", "::2"]) expect(isTrusted(address)).toBe(false);
});

it("an IPv4 proxy is known also where a socket for both families gives its address as one of IPv6", () => {
  const isTrusted = parseTrustedProxies("10.0.0.0/8");
  expect(isTrusted("::ffff:10.1.2.3")).toBe(true);
  expect(isTrusted("::ffff:11.1.2.3")).toBe(false);
});

it.each(["", "unknown", "10.0.0.1:80", "proxy.example"])("what is no address is not trusted: %j", (address) => {
  expect(parseTrustedProxies("0.0.0.0/0,::/0")(address)).toBe(false);
});

it.each([
  "proxy.example",
  "10.0.0.0/33",
  "::1/129",
  "10.0.0.0/",
  "10.0.0.0/8/8",
  "10.0.0.0/-1",
  "10.0.0.1,,10.0.0.2",
  "*",
])("%j does not start, and the line says why", (text) => {
  expect(() => parseTrustedProxies(text)).toThrow(
    /^TRINE_TRUSTED_PROXIES: ".*" is neither an address nor a network such as 10\.0\.0\.0\/8$/,
  );
});
