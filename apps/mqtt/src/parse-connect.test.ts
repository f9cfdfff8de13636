import { isRefusal } from "@trine/core/auth";
import { computeMac, macMatches, Secret, stringToSign } from "@trine/core/certificate";
import { findVector, isSigned, loadVectors } from "@trine/vectors";
import { describe, expect, it } from "vitest";
import { type ConnectFields, parseConnect } from "./parse-connect.ts";

const SIGNED = loadVectors()
  .vectors.filter(({ group }) => group === "mqtt")
  .filter(isSigned);
const GOOD: ConnectFields = {
  clientId: "x1|securemode=3,signmethod=hmacsha256|",
  username: "device_01&a1b2C3d4E5f",
  password: Buffer.from("ab".repeat(32)),
  peer: "192.0.2.1",
};

function parsed(given: Partial<ConnectFields>) {
  const outcome = parseConnect({ ...GOOD, ...given });
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.why}`);
  return outcome;
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

  it("refuses registration by either spelling of its key", () => {
    for (const pair of ["authType=register", "authtype=regnwl", "authType=connwl", "authType=id2"]) {
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
