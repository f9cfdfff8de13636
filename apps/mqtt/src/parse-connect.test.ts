import { isRefusal, isX509Attempt } from "@trine/core/auth";
import { computeMac, type DeviceRef, macMatches, parseDeviceRef, Secret, stringToSign } from "@trine/core/certificate";
import { findVector, isSigned, loadVectors } from "@trine/vectors";
import { describe, expect, it } from "vitest";
import type { ConnectFields } from "./connect-fields.ts";
import { parseConnect } from "./parse-connect.ts";

const SIGNED = loadVectors()
  .vectors.filter(({ group }) => group === "mqtt")
  .filter(isSigned);
const GOOD: ConnectFields = {
  clientId: "x1|securemode=3,signmethod=hmacsha256|",
  username: "device_01&a1b2C3d4E5f",
  password: Buffer.from("ab".repeat(32)),
  peer: "192.0.2.1",
  channel: undefined,
};

function parsed(given: Partial<ConnectFields>) {
  const outcome = parseConnect({ ...GOOD, ...given });
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.why}`);
  const { attempt, implicitSubscriptions } = outcome;
  if (isX509Attempt(attempt)) throw new Error("read as one that a certificate is to prove");
  return { attempt, implicitSubscriptions };
}

function refusalOf(given: Partial<ConnectFields>) {
  const outcome = parseConnect({ ...GOOD, ...given });
  return isRefusal(outcome) ? outcome.code : "accepted";
}

describe("every captured login", () => {
  for (const { id, outputs, signedParams, stringToSign: text, key } of SIGNED) {
    // The vendor's own example has names that no registry issues.
    if (id === "mqtt-doc-sha1") continue;
    it(`reads ${id} and finds its signature right`, () => {
      const { attempt } = parsed({
        clientId: String(outputs["clientId"]),
        username: String(outputs["username"]),
        password: Buffer.from(String(outputs["password"])),
      });
      expect(attempt.signed).toEqual(signedParams);
      expect(stringToSign(attempt.signed)).toBe(text);
      expect(macMatches(computeMac(attempt.signMethod, new Secret(key), text), attempt.mac)).toBe(true);
      expect(attempt).toMatchObject({ transport: "mqtt", keep: "connection", peer: GOOD.peer });
    });
  }

  it("takes the method that the Node SDK declares, not the one that it used", () => {
    const { outputs, stringToSign: text } = findVector("mqtt-node128-sha256-NEGATIVE");
    const { attempt } = parsed({
      clientId: "a1b2C3d4E5f&device_01|securemode=3,signmethod=hmacsha256,timestamp=1700000000123|",
      password: Buffer.from(String(outputs["sentByNodeSdk"])),
    });
    expect(attempt.signMethod).toBe("hmacsha256");
    expect(attempt.mac).toHaveLength(20);
    expect(stringToSign(attempt.signed)).toBe(text);
  });
});

describe("the clientId block", () => {
  it("is cut at the first and the last bar", () => {
    expect(parsed({ clientId: "id|signmethod=hmacsha1,x=1|2|" }).attempt.signed["clientId"]).toBe("id");
  });

  it("may hold a trailing comma, empty pairs, any order and unknown keys", () => {
    const { attempt } = parsed({ clientId: "id|,foo=bar,timestamp=7,,signmethod=HmacSha1,novalue,securemode=2,|" });
    expect(attempt).toMatchObject({ signMethod: "hmacsha1", signed: { clientId: "id", timestamp: "7" } });
  });

  it("names no method, and means MD5", () => {
    expect(parsed({ clientId: "id|securemode=3|" }).attempt.signMethod).toBe("hmacmd5");
  });

  it("asks for system topics without subscribing by _ss=1 alone", () => {
    expect(parsed({}).implicitSubscriptions).toBe(false);
    expect(parsed({ clientId: "id|_ss=0|" }).implicitSubscriptions).toBe(false);
    expect(parsed({ clientId: "id|securemode=2,_ss=1,ext=3,|" }).implicitSubscriptions).toBe(true);
  });

  it("tells operators what the device says about itself", () => {
    expect(parsed({ clientId: "id|lan=C,_v=sdk-c-3.2.0,gw=0|" }).attempt.metadata).toMatchObject({
      lan: "C",
      _v: "sdk-c-3.2.0",
      gw: "0",
    });
  });

  it("is malformed without two bars, without an id, or with one of more than 64 characters", () => {
    for (const clientId of ["", "id", "id|securemode=3", "|securemode=3|", `${"x".repeat(65)}|securemode=3|`]) {
      expect(refusalOf({ clientId }), clientId).toBe("malformed");
    }
    expect(refusalOf({ clientId: `${"x".repeat(64)}|securemode=3|` })).toBe("accepted");
  });

  it("cannot reach what every object inherits", () => {
    expect(refusalOf({ clientId: "id|__proto__=x,constructor=y,signmethod=constructor|" })).toBe("bad_credentials");
  });
});

describe("what Trine does not have", () => {
  it("refuses ID², the guider and logins without a secret", () => {
    for (const mode of ["-2", "-1", "0", "1", "4", "5", "7", "8"]) {
      expect(refusalOf({ clientId: `id|securemode=${mode}|` }), mode).toBe("not_allowed");
    }
  });

  it("takes no login of another kind, by either spelling of its key", () => {
    for (const pair of ["authType=id2", "authtype=id2", "authType=", "authtype=connwl2"]) {
      expect(refusalOf({ clientId: `id|securemode=2,${pair}|` }), pair).toBe("not_allowed");
    }
  });
});

describe("what counts as wrong credentials", () => {
  it("is a username that is not deviceName&productKey", () => {
    for (const username of [undefined, "", "device_01", "&a1b2C3d4E5f", "device_01&", "a&b&c", "dev&a1b2C3d4E5f"]) {
      expect(refusalOf({ username }), username).toBe("bad_credentials");
    }
  });

  it("is a password that is not hex, and an unknown method", () => {
    for (const password of [undefined, "", "abc", "zz", "ab ab"]) {
      expect(refusalOf({ password: password === undefined ? undefined : Buffer.from(password) }), password).toBe(
        "bad_credentials",
      );
    }
    expect(refusalOf({ clientId: "id|signmethod=hmacsha3|" })).toBe("bad_credentials");
  });
});

describe("a login over a channel with a certificate", () => {
  const channel = { kind: "x509", chain: [Buffer.from("certificate")] } as const;
  const attemptOf = (given: Partial<ConnectFields>) => {
    const outcome = parseConnect({ ...GOOD, channel, ...given });
    if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.why}`);
    return outcome.attempt;
  };
  const NAMELESS = { clientId: ".|securemode=2|", username: "", password: Buffer.alloc(0) };
  // The vendor's C SDK signs with the secret that it has: none.
  const sdkPassword = (id: string, names: Record<string, string>) => {
    const signed = { clientId: id, deviceName: "", productKey: "", ...names, timestamp: "2524608000000" };
    return Buffer.from(computeMac("hmacsha256", new Secret(""), stringToSign(signed)).toString("hex").toUpperCase());
  };
  const SDK_BLOCK = "timestamp=2524608000000,_v=sdk-c-3.2.0,securemode=2,signmethod=hmacsha256,lan=C,gw=0,ext=0";

  it.each([
    ["the vendor's documents", NAMELESS],
    ["no user name and no password", { ...NAMELESS, username: undefined, password: undefined }],
    ["the vendor's C SDK", { clientId: `.|${SDK_BLOCK}|`, username: "&", password: sdkPassword(".", {}) }],
    ["any client", { ...NAMELESS, clientId: "whatever" }],
    ["one that has no identifier at all", { ...NAMELESS, clientId: "" }],
  ])("is left to the certificate when it names nobody, as %s has it", (_who, given) => {
    const attempt = attemptOf(given);
    expect(attempt).toMatchObject({ x509: channel.chain, transport: "mqtt", peer: GOOD.peer, keep: "connection" });
    expect(attempt.device).toBeUndefined();
  });

  it("is left to the certificate of the device that it names, without a password or with one of no secret", () => {
    const names = { deviceName: "device_01", productKey: "a1b2C3d4E5f" };
    const id = "a1b2C3d4E5f.device_01";
    for (const password of [undefined, Buffer.alloc(0), sdkPassword(id, names)]) {
      const attempt = attemptOf({ clientId: `${id}|${SDK_BLOCK}|`, password });
      expect(attempt).toMatchObject({ x509: channel.chain, device: names });
    }
  });

  it("that is signed is judged by its signature, and says over which channel it came", () => {
    expect(parsed({ channel }).attempt).toMatchObject({ mac: Buffer.from("ab".repeat(32), "hex"), channel });
  });

  it("asks for system topics as any other does", () => {
    const outcome = parseConnect({ ...GOOD, ...NAMELESS, channel, clientId: ".|securemode=2,_ss=1|" });
    expect(outcome).toMatchObject({ implicitSubscriptions: true });
  });

  it("cannot ask for what Trine does not have", () => {
    expect(refusalOf({ ...NAMELESS, channel, clientId: ".|authType=register|" })).toBe("not_allowed");
  });

  it("without a certificate is none", () => {
    const psk = {
      kind: "psk",
      device: parseDeviceRef("a1b2C3d4E5f", "device_01") as DeviceRef,
      secretVersion: 1,
    } as const;
    for (const other of [undefined, psk]) expect(refusalOf({ ...NAMELESS, channel: other })).toBe("bad_credentials");
  });
});
