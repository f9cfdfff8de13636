import { execFile } from "node:child_process";
import { connect } from "node:net";
import { setTimeout as pass } from "node:timers/promises";
import { promisify } from "node:util";
import { type MacAttempt, type RefusalCode, refuse, type Session } from "@trine/core/auth";
import { computeMac, macMatches, Secret, stringToSign } from "@trine/core/certificate";
import type { Platform, RunningAdapter } from "@trine/core/platform";
import { connectHttp } from "@trine/device";
import { findVector, loadVectors } from "@trine/vectors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpSettings, startHttp } from "../src/index.ts";
import { anIngress } from "./an-ingress.ts";
import { exchange, post } from "./raw-exchange.ts";

const TOKEN = "t".repeat(191);
const MESSAGE_ID = "892687627916247040";
const JSON_TYPE = { "Content-Type": "application/json" };
const OCTETS = { password: TOKEN, "Content-Type": "application/octet-stream" };
const TOPIC = "/topic/a1b2C3d4E5f/device_01/user/update";
const LOGIN = String(findVector("http-auth-c320-A").outputs["body"]);

let adapter: RunningAdapter;
let port: number;
let published: { topic: string; payload: Buffer }[];
let refusal: RefusalCode | undefined;
let delaysMs: number[];
let whenPublished: () => void;

/** Only what the adapter asks of it: the devices of the vectors, and a store that may be down. */
function platformOfVectors(): Platform {
  const secrets = Object.values(loadVectors().meta.identities).map((identity) => [
    identity["deviceName"],
    new Secret(identity["deviceSecret"] ?? ""),
  ]);
  const known = new Map(secrets as [string, Secret][]);
  const session = { sessionId: "s1" } as unknown as Session;
  const isGenuine = ({ device, signMethod, signed, mac }: MacAttempt) => {
    const secret = known.get(device.deviceName);
    return secret !== undefined && macMatches(computeMac(signMethod, secret, stringToSign(signed)), mac);
  };
  return {
    authenticator: {
      authenticate: async (attempt: MacAttempt) => {
        if (refusal) return refuse(refusal, "test");
        return isGenuine(attempt)
          ? { ...session, token: { text: new Secret(TOKEN), expiresAtMs: 0 } }
          : refuse("bad_credentials", "mac");
      },
    },
    sessions: {
      resume: async (text: string) => {
        if (refusal) return refuse(refusal, "test");
        return text === TOKEN ? session : refuse(text === "" ? "token_missing" : "token_invalid", "unknown");
      },
    },
    uplink: {
      accept: async (_session: Session, message: { topic: string; payload: Buffer }) => {
        await pass(delaysMs.shift() ?? 0);
        published.push(message);
        whenPublished();
        return { messageId: MESSAGE_ID };
      },
    },
    recorder: { fault: (_where: string, error: unknown) => expect(error).toBeUndefined(), dropped: () => undefined },
    mayServe: () => true,
    hold: () => () => undefined,
  } as unknown as Platform;
}

beforeEach(async () => {
  published = [];
  refusal = undefined;
  delaysMs = [];
  whenPublished = () => undefined;
  const settings = {
    TRINE_DEVICE_HOST: "127.0.0.1",
    TRINE_HTTP_PORT: "0",
    TRINE_HTTPS_PORT: "0",
    TRINE_HTTP_REQUEST_SECONDS: "1",
  };
  adapter = await startHttp(platformOfVectors(), httpSettings.parse(settings), anIngress());
  port = adapter.ports["TRINE_HTTP_PORT"] ?? 0;
});

afterEach(() => adapter.stop());

describe("a login", () => {
  it.each(["http-auth-c320-A", "http-auth-c420-A", "http-auth-c320-B", "http-auth-c420-B"])(
    "captured from an SDK is accepted (%s), with a query and a trailing NUL as well",
    async (id) => {
      const body = String(findVector(id).outputs["body"]);
      for (const request of [post("/auth", JSON_TYPE, body), post("/auth?_v=sdk-c-4.1.0&", JSON_TYPE, `${body}\0`)])
        expect((await exchange(port, request)).body).toBe(`{"code":0,"message":"success","info":{"token":"${TOKEN}"}}`);
    },
  );

  it("is answered as the C SDK can read it: the exact header name, no chunks, head below 1 KB, body within 255 bytes", async () => {
    const { raw, head, body } = await exchange(port, post("/auth", JSON_TYPE, LOGIN));
    expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
    expect(raw).not.toMatch(/transfer-encoding/i);
    expect(head.length).toBeLessThan(1_024);
    expect(body.length).toBeLessThanOrEqual(255);
  });

  it("with a timestamp signs it", async () => {
    const { signedParams, outputs } = findVector("http-auth-md5-ts-A");
    const body = JSON.stringify({ ...signedParams, sign: outputs["sign"] });
    expect((await exchange(port, post("/auth", JSON_TYPE, body))).code).toBe("0");
  });

  it.each([
    ["no JSON", "{,,}"],
    ["an array", "[]"],
    ["nothing", ""],
    ["no sign", LOGIN.replace('"sign"', '"sing"')],
    ["no clientId", LOGIN.replace('"clientId"', '"client"')],
    ["an unknown sign method", LOGIN.replace("hmacsha1", "hmacsha9")],
    ["no valid name", LOGIN.replace('"device_01"', '"d/1"')],
  ])("that is %s is a parameter error", async (_what, body) => {
    expect((await exchange(port, post("/auth", JSON_TYPE, body))).code).toBe("10001");
  });

  it.each([{ "Content-Type": "text/plain" }, {}])(
    "of another content type is a parameter error: %j",
    async (headers) => {
      expect((await exchange(port, post("/auth", headers as Record<string, string>, LOGIN))).code).toBe("10001");
    },
  );

  it("with a wrong signature is an auth error", async () => {
    const body = LOGIN.replace("bf5c", "bf5d");
    expect((await exchange(port, post("/auth", JSON_TYPE, body))).body).toBe(
      '{"code":20000,"message":"auth check error"}',
    );
  });

  it("while a store is down is answered 503, with the time to come back", async () => {
    refusal = "unavailable";
    const { head, code } = await exchange(port, post("/auth", JSON_TYPE, LOGIN));
    expect([head.split("\r\n", 1)[0], code]).toEqual(["HTTP/1.1 503 Service Unavailable", "10000"]);
    expect(head).toMatch(/\r\nRetry-After: \d+\r\n/);
  });
});

describe("a publish", () => {
  it("is answered with the id as a bare integer, and its body is taken as it is", async () => {
    const payload = Buffer.from([0, 255, 0x7b, 0]);
    const { body } = await exchange(port, post(TOPIC, OCTETS, payload));
    expect(body).toBe(`{"code":0,"message":"success","info":{"messageId":${MESSAGE_ID}}}`);
    expect(published).toEqual([{ topic: "/a1b2C3d4E5f/device_01/user/update", payload, qos: 1 }]);
  });

  it("may be empty", async () => {
    expect((await exchange(port, post(TOPIC, OCTETS))).code).toBe("0");
    expect(published[0]?.payload).toEqual(Buffer.alloc(0));
  });

  it("names its topic with escapes or without, whatever the query", async () => {
    for (const path of ["/topic/pk/pump-7.B%3A3%40site_1/up?x=/y", "/topic/pk/pump-7.B:3@site_1/up"])
      await exchange(port, post(path, OCTETS, "x"));
    expect(published.map(({ topic }) => topic)).toEqual(Array(2).fill("/pk/pump-7.B:3@site_1/up"));
  });

  it.each(["/topic/%ZZ", "/topic/%E0%A4"])(
    "to a path whose escapes are wrong is a parameter error: %s",
    async (path) => {
      expect((await exchange(port, post(path, OCTETS, "x"))).code).toBe("10001");
    },
  );

  it("of another content type is a parameter error", async () => {
    const headers = { ...OCTETS, "Content-Type": "application/json" };
    expect((await exchange(port, post(TOPIC, headers, "{}"))).code).toBe("10001");
  });

  it("without a token, or with a wrong one, says so", async () => {
    const { password, ...rest } = OCTETS;
    expect((await exchange(port, post(TOPIC, rest, "x"))).code).toBe("20002");
    expect((await exchange(port, post(TOPIC, { ...rest, password: `x${password}` }, "x"))).code).toBe("20001");
  });

  it("of 128 KB is taken; a byte more is refused before it is read, and the connection ends", async () => {
    expect((await exchange(port, post(TOPIC, OCTETS, Buffer.alloc(131_072)))).code).toBe("0");
    const announced = post(TOPIC, OCTETS, Buffer.alloc(131_073)).subarray(0, 600);
    const { head, code } = await exchange(port, announced);
    expect(code).toBe("10001");
    expect(head).toContain("Connection: close");
    expect((await exchange(port, post(TOPIC, OCTETS, Buffer.alloc(1_000_000)))).code).toBe("10001");
    expect(published).toHaveLength(1);
  });

  it("keeps its order, even where the device does not wait for the answer before it", async () => {
    const socket = connect({ port, host: "127.0.0.1" }).resume();
    const all = Array.from({ length: 20 }, (_, n) => n);
    delaysMs = all.map((n) => 20 - n);
    const stored = new Promise<void>((done) => {
      whenPublished = () => published.length === all.length && done();
    });
    socket.write(Buffer.concat(all.map((n) => post(TOPIC, OCTETS, String(n)))));
    await stored;
    socket.destroy();
    expect(published.map(({ payload }) => Number(payload))).toEqual(all);
  });

  it("from the device of this project goes over one connection", async () => {
    const device = await connectHttp({ host: "127.0.0.1", port, certificate: identityA() });
    expect(await device.publish({ topic: "/a/b", payload: "x" })).toEqual({ messageId: MESSAGE_ID });
    await device.close();
  });
});

describe("what is no request of the protocol", () => {
  it.each(["GET /auth", "GET /topic/a", "DELETE /", "POST /mailbox", "DELETE /mailbox", "POST /other"])(
    "is a parameter error: %s",
    async (line) => {
      const { body } = await exchange(port, `${line} HTTP/1.1\r\nHost: h\r\nContent-Length: 0\r\n\r\n`);
      expect(body).toBe('{"code":10001,"message":"param error"}');
    },
  );

  it("and never ends within the time that a request may take is cut off", async () => {
    const socket = connect({ port, host: "127.0.0.1" });
    socket.write("POST /auth HTTP/1.1\r\nHost: h\r\n");
    await new Promise((closed) => socket.resume().once("close", closed));
  });
});

it("curl logs in and publishes", async () => {
  const run = promisify(execFile);
  const url = `http://127.0.0.1:${port}`;
  const login = await run("curl", ["-s", `${url}/auth`, "-H", "Content-Type: application/json", "-d", LOGIN]);
  const { token } = (JSON.parse(login.stdout) as { info: { token: string } }).info;
  const headers = ["-H", `password: ${token}`, "-H", "Content-Type: application/octet-stream"];
  const sent = await run("curl", ["-s", url + TOPIC, ...headers, "--data-binary", "hello"]);
  expect(sent.stdout).toContain(`"messageId":${MESSAGE_ID}`);
});

function identityA() {
  const { productKey = "", deviceName = "", deviceSecret = "" } = loadVectors().meta.identities["A"] ?? {};
  return { productKey, deviceName, deviceSecret };
}
