import { isIP } from "node:net";
import { StartError } from "@trine/runtime";

/**
 * The proxies whose word on a client's address and on TLS is believed.
 *
 * @throws StartError for what is neither an address nor a network.
 */
export function trustedProxies(setting: string | undefined): string[] | false {
  if (setting === undefined) return false;
  const proxies = setting.split(",").map((text) => text.trim());
  const wrong = proxies.find((proxy) => !isNetwork(proxy));
  if (wrong === undefined) return proxies;
  throw new StartError(`TRINE_TRUSTED_PROXIES: ${wrong} is neither an address nor a network such as 10.0.0.0/8`);
}

function isNetwork(text: string): boolean {
  const [address = "", prefix, ...more] = text.split("/");
  const bits = { 0: -1, 4: 32, 6: 128 }[isIP(address)] ?? -1;
  if (more.length > 0 || bits < 0) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
}
