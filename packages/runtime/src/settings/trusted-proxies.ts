import { BlockList, isIP } from "node:net";
import { StartError } from "../process/start-error.ts";
import { optionalTextSetting } from "./fields.ts";

/** The setting that says which proxies are trusted, for whatever listens behind them. */
export const trustedProxiesSetting = {
  TRINE_TRUSTED_PROXIES: optionalTextSetting(
    "Addresses or networks, with commas between, whose PROXY protocol (version 1 and 2) and `X-Forwarded-For` are believed. Whoever comes from one of them has to send either: see [Behind a proxy](operations.md#behind-a-proxy). Unset: none.",
  ),
} as const;

/**
 * Reads which addresses are those of trusted proxies.
 *
 * @param text addresses and networks (`10.0.0.0/8`) with commas between; absent: none.
 * @returns whether an address is one of them; an IPv4 address may be written as one of IPv6.
 * @throws StartError for what is neither an address nor a network.
 */
export function parseTrustedProxies(text: string | undefined): (address: string) => boolean {
  const list = new BlockList();
  for (const entry of text?.split(",") ?? []) add(list, entry.trim());
  return (address) => {
    const family = familyOf(address);
    return family !== undefined && list.check(address, family);
  };
}

function add(list: BlockList, entry: string): void {
  const [address = "", prefix, ...more] = entry.split("/");
  const family = familyOf(address);
  const bits = prefix === undefined ? undefined : parsePrefix(prefix, family);
  if (family === undefined || Number.isNaN(bits) || more.length > 0)
    throw new StartError(`TRINE_TRUSTED_PROXIES: "${entry}" is neither an address nor a network such as 10.0.0.0/8`);
  if (bits === undefined) list.addAddress(address, family);
  else list.addSubnet(address, bits, family);
}

function parsePrefix(text: string, family: "ipv4" | "ipv6" | undefined): number {
  const bits = /^\d{1,3}$/.test(text) ? Number(text) : Number.NaN;
  return bits <= (family === "ipv4" ? 32 : 128) ? bits : Number.NaN;
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  return ({ 4: "ipv4", 6: "ipv6" } as const)[isIP(address)];
}
