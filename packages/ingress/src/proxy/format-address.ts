import { isIPv6, SocketAddress } from "node:net";

/** Writes the 4 or 16 bytes of an address as text. */
export function formatAddress(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join(".");
  const groups = Array.from({ length: 8 }, (_, index) => bytes.readUInt16BE(index * 2).toString(16));
  return new SocketAddress({ address: groups.join(":"), family: "ipv6" }).address;
}

/** The 4 or 16 bytes of an address; `undefined` when the text is none. */
export function addressBytes(text: string): Buffer | undefined {
  if (isIPv6(text)) return ipv6Bytes(text);
  const parts = text.split(".");
  return parts.length === 4 ? Buffer.from(parts.map(Number)) : undefined;
}

function ipv6Bytes(text: string): Buffer {
  const [address = ""] = text.split("%");
  const [head = "", tail] = withoutDots(address).split("::");
  const front = groupsOf(head);
  const back = groupsOf(tail ?? "");
  const gap = Array.from({ length: 8 - front.length - back.length }, () => 0);
  const bytes = Buffer.alloc(16);
  for (const [index, group] of [...front, ...gap, ...back].entries()) bytes.writeUInt16BE(group, index * 2);
  return bytes;
}

function groupsOf(text: string): number[] {
  return text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
}

/** `::ffff:1.2.3.4` as `::ffff:102:304`. */
function withoutDots(text: string): string {
  const dotsAt = text.lastIndexOf(":") + 1;
  const [a = 0, b = 0, c, d] = text.slice(dotsAt).split(".").map(Number);
  if (c === undefined || d === undefined) return text;
  return text.slice(0, dotsAt) + [a * 256 + b, c * 256 + d].map((group) => group.toString(16)).join(":");
}
