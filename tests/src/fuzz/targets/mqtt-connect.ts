import { isRefusal, isX509Attempt } from "@trine/core/auth";
import { parseClientIdentifier } from "../../../../apps/mqtt/src/client-identifier.ts";
import { parseConnect } from "../../../../apps/mqtt/src/parse-connect.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { maybeMutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyText, hexText, keyText, nameText } from "../texts.ts";

interface Login {
  readonly clientId: string;
  readonly username: string | undefined;
  readonly password: Buffer | undefined;
  /** It was put together by the rules, and nothing was spoiled. */
  readonly isSound: boolean;
}

const METHODS: readonly [string, ...string[]] = [
  "hmacmd5",
  "hmacsha1",
  "hmacsha256",
  "HmacSHA256",
  "Sha256",
  "hmacMd5",
];
const KEYS: readonly [string, ...string[]] = [
  "_v",
  "lan",
  "gw",
  "ext",
  "pid",
  "mid",
  "_uuid",
  "__proto__",
  "constructor",
  "toString",
];

/** A CONNECT's three texts (wire-format 2.1 to 2.4). */
export const mqttConnect = pureTarget<Login>({
  name: "mqtt connect",
  share: 60,
  make: (random) => (random.once(3) ? strangeLogin(random) : signedLogin(random)),
  check({ isSound, ...login }) {
    const parsed = parseConnect({ ...login, peer: "192.0.2.1", channel: undefined });
    if (isRefusal(parsed)) {
      must(!isSound, `a sound login was refused: ${parsed.why}`);
      must(parsed.why.length < 200, "the reason of a refusal is long");
      return;
    }
    const { attempt } = parsed;
    must(!isX509Attempt(attempt), "a certificate proves a login that came without one");
    const { device, mac, signed } = attempt;
    must(
      `${device.deviceName}&${device.productKey}` === login.username,
      "the login is for another device than the username says",
    );
    must(
      signed["clientId"] === login.clientId.slice(0, login.clientId.indexOf("|")),
      "another clientId is signed than was sent",
    );
    must(
      Buffer.from(mac).toString("hex") === login.password?.toString("latin1").toLowerCase(),
      "the MAC is another than was sent",
    );
    must(Object.keys(signed).length <= 4, "something is signed that is no field of a login");
  },
});

/** The block of a client identifier, put together and taken apart. */
export const mqttIdentifier = pureTarget({
  name: "mqtt client identifier",
  share: 60,
  make: (random) => ({
    id: anyText(random).replaceAll("|", ""),
    pairs: random.times(random.length(8), () => [pairText(random), pairText(random)] as const),
    tail: anyText(random, 8).replaceAll("|", ""),
  }),
  check({ id, pairs, tail }) {
    const parsed = parseClientIdentifier(`${id}|${pairs.map(([key, value]) => `${key}=${value}`).join(",")},|${tail}`);
    must(parsed !== undefined && parsed.id === id, "the id came back as another");
    must(Object.getPrototypeOf(parsed.pairs) === null, "a key of a device meets inherited ones");
    const seen = new Set<string>();
    for (const [key, value] of pairs) {
      const name = key === "authType" ? "authtype" : key;
      if (name === "" || seen.has(name)) continue;
      seen.add(name);
      must((parsed.pairs as Record<string, string>)[name] === value, `the value of ${name} came back as another`);
    }
  },
});

function signedLogin(random: RandomSource): Login {
  const deviceName = nameText(random, 4, 32);
  const productKey = keyText(random, 1, 20);
  const id = random.once(2) ? `${productKey}.${deviceName}` : nameText(random, 1, 64);
  const pairs = [
    `securemode=${random.pick(["2", "3"])}`,
    `signmethod=${random.pick(METHODS)}`,
    `timestamp=${random.word()}`,
  ];
  for (let more = random.length(4); more > 0; more -= 1)
    pairs.splice(random.below(pairs.length), 0, `${random.pick(KEYS)}=${keyText(random, 0, 9)}`);
  const login = {
    clientId: `${id}|${pairs.join(",")}${random.once(2) ? "," : ""}|`,
    username: `${deviceName}&${productKey}`,
    password: Buffer.from(hexText(random, random.pick([16, 20, 32]))),
    isSound: true,
  };
  return random.once(2) ? login : spoil(random, login);
}

function spoil(random: RandomSource, login: Login): Login {
  const text = (whole: string) => maybeMutate(random, Buffer.from(whole)).toString(random.once(2) ? "utf8" : "latin1");
  return {
    clientId: text(login.clientId),
    username: random.once(8) ? undefined : text(login.username ?? ""),
    password: random.once(8) ? undefined : maybeMutate(random, login.password ?? Buffer.alloc(0)),
    isSound: false,
  };
}

function strangeLogin(random: RandomSource): Login {
  return {
    clientId: random.times(random.length(6), () => anyText(random)).join(random.pick(["|", ",", "=", "|a=b,|"])),
    username: random.once(9) ? undefined : anyText(random) + (random.once(2) ? `&${anyText(random)}` : ""),
    password: random.once(9) ? undefined : random.bytes(random.length(80)),
    isSound: false,
  };
}

function pairText(random: RandomSource): string {
  return (random.once(2) ? random.pick(KEYS) : anyText(random, 10)).replaceAll(/[|,=]/g, "");
}
