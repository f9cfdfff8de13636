import { describe, expect, it } from "vitest";
import { networkOf } from "./clones/network-of.ts";
import { subnetOf } from "./subnet-of.ts";

describe("the network that limits count", () => {
  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:a:b:c:d", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["64:ff9b::192.0.2.33", "64:ff9b:0:0::/64"],
    ["1:2:3::4:5:6:7", "1:2:3:0::/64"],
    ["1::3:4:5:6:7:8", "1:0:3:4::/64"],
  ])("of %s is %s", (peer, subnet) => {
    expect(subnetOf(peer)).toBe(subnet);
  });

  it("is one for all that is no address, however long it is and whatever is in it", () => {
    for (const peer of ["", "unknown", "evil{tag}", "a b", "x".repeat(10_000), "1.2.3.4.5", ":".repeat(60)])
      expect(subnetOf(peer)).toBe("unknown");
  });
});

describe("the network that a device is looked for in", () => {
  it.each([
    ["203.0.113.7", "203.0.113.0/24"],
    ["100.64.3.9", "100.64.3.0/24"],
    ["172.32.0.1", "172.32.0.0/24"],
    ["10.1.2.3", "10.1.2.3"],
    ["172.16.2.3", "172.16.2.3"],
    ["172.31.2.3", "172.31.2.3"],
    ["192.168.2.3", "192.168.2.3"],
    ["169.254.2.3", "169.254.2.3"],
    ["127.0.0.2", "127.0.0.2"],
    ["2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"],
    ["unknown", "unknown"],
  ])("of %s is %s", (peer, network) => {
    expect(networkOf(peer)).toBe(network);
  });
});
