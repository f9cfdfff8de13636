import { subnetOf } from "../subnet-of.ts";

/**
 * The network that an address belongs to when a device is looked for in two places at once: coarser than an address where one device has several.
 *
 * Of IPv6 the /64, since a device draws itself new addresses in it. Of public IPv4 the /24, since a carrier's translation hands a device
 * neighbouring addresses by turns. A private address stands for itself: in a network of one's own, two addresses are two machines.
 */
export function networkOf(peer: string): string {
  const subnet = subnetOf(peer);
  const [first = 0, second = 0, third = 0, fourth] = subnet.split(".").map(Number);
  if (fourth === undefined || isPrivate(first, second)) return subnet;
  return `${first}.${second}.${third}.0/24`;
}

/** RFC 1918, loopback, link-local. Not 100.64.0.0/10 (RFC 6598): that is between a carrier and its customers. */
function isPrivate(first: number, second: number): boolean {
  if (first === 10 || first === 127) return true;
  if (first === 172) return second >= 16 && second < 32;
  return (first === 192 && second === 168) || (first === 169 && second === 254);
}
