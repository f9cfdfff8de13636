import { plainAddress } from "./plain-address.ts";

/**
 * The network that an address counts as when logins are limited: an IPv4 address by itself; of IPv6 the /64, since whoever has one address of
 * it has all of them.
 *
 * @param peer as an adapter tells it, without port. What is no address, a proxy's word say, counts as one network altogether.
 */
export function subnetOf(peer: string): string {
  if (IPV4.test(peer)) return peer;
  const [address = ""] = peer.split("%", 1);
  if (!IPV6.test(address)) return "unknown";
  const plain = plainAddress(address);
  return plain.includes(":") ? `${firstGroups(plain)}::/64` : plain;
}

const IPV4 = /^\d{1,3}(?:\.\d{1,3}){3}$/;
// Only told apart from what is no address; the network stack that accepted the connection has parsed it.
const IPV6 = /^(?=.*:)[0-9a-f:.]{2,45}$/i;
const GROUPS = 8;

/** The first four of eight groups, each in its shortest spelling. */
function firstGroups(address: string): string {
  const [head = "", tail] = address.split("::");
  const before = groupsOf(head);
  const after = groupsOf(tail ?? "");
  const zeros = tail === undefined ? 0 : Math.max(0, GROUPS - before.length - after.length);
  const all = [...before, ...new Array<string>(zeros).fill("0"), ...after];
  return all
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":");
}

/** An IPv4 address at the end stands for two groups. */
function groupsOf(part: string): readonly string[] {
  return part === "" ? [] : part.split(":").flatMap((group) => (group.includes(".") ? [group, ""] : [group]));
}
