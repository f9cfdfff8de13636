import { parseProxied } from "../../../../packages/services/src/topology/parse-proxied.ts";
import { parseSubLogin } from "../../../../packages/services/src/topology/parse-sub-login.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { anyJson, anyText } from "../texts.ts";

const NAMES = ["clientId", "timestamp", "signMethod", "signmethod", "sign", "random", "cleanSession"] as const;

/** What gateways say of the devices behind them (wire-format 7): nothing throws, and what is signed is what was sent. */
export const subLogins = pureTarget({
  name: "sub-device logins",
  share: 20,
  make(random) {
    const fields: Record<string, unknown> = { productKey: "a1SubPk00001", deviceName: "sub_01" };
    for (const name of NAMES) if (random.once(2)) fields[name] = random.once(3) ? anyJson(random) : anyText(random, 80);
    return random.once(8) ? anyJson(random) : fields;
  },
  check(value) {
    parseProxied(value);
    const login = parseSubLogin(value);
    if (!login?.proof) return;
    const { clientId } = value as Record<string, unknown>;
    must(login.proof.signed["clientId"] === clientId, "the clientId is signed as it was sent");
  },
});
