import type { RefusalCode } from "@trine/core/auth";
import { computeMac, parseDeviceRef, parseSignMethod, Secret, stringToSign } from "@trine/core/certificate";
import type { RunningAdapter } from "@trine/core/platform";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { findVector, loadVectors } from "@trine/vectors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { httpSettings, startHttp } from "../src/index.ts";
import { REGISTRATION_CODES } from "../src/registration-code.ts";
import { anIngress } from "./an-ingress.ts";
import { type Channel, exchange, post } from "./raw-exchange.ts";

const FORM = { "Content-Type": "application/x-www-form-urlencoded" };
const PATH = "/auth/register/device";
const { identities } = loadVectors().meta;
const HTTPS_VECTORS = loadVectors().vectors.filter(({ id }) => id.startsWith("dynreg-https-"));

let gateway: TestPlatform;
let adapter: RunningAdapter;

async function start(given: Readonly<Record<string, string>> = {}): Promise<void> {
  const free = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_HTTP_PORT: "0", TRINE_HTTPS_PORT: "0" };
  adapter = await startHttp(gateway.platform, httpSettings.parse({ ...free, ...given }), anIngress());
}

beforeEach(async () => {
  gateway = await createTestPlatform();
  await start();
});

afterEach(async () => {
  await adapter.stop();
  await gateway.stop();
});

const send = (request: Buffer, channel: Channel = "HTTPS") =>
  exchange(adapter.ports[`TRINE_${channel}_PORT`] ?? 0, request, channel);

const register = (body: string | Buffer, channel?: Channel) => send(post(PATH, FORM, body), channel);

/** An identity of the vectors, added with its product. */
async function add(name: "A" | "B", policy: object = { registration: "listed" }) {
  const identity = identities[name] as { productKey: string; productSecret: string; deviceName: string };
  return gateway.addKnown(identity, policy);
}

/** What an SDK would send. */
function bodyOf(
  of: { productKey: string; productSecret: string; deviceName: string },
  given: Readonly<Record<string, string | undefined>> = {},
): string {
  const { productKey, deviceName } = of;
  const signMethod = parseSignMethod(given["signMethod"] ?? "hmacsha1") ?? "hmacsha1";
  const text = stringToSign({ deviceName, productKey, random: "r4nd0m" });
  const sign = computeMac(signMethod, new Secret(of.productSecret), text).toString("hex");
  const fields = { productKey, deviceName, random: "r4nd0m", sign, signMethod, ...given };
  return Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([field, value]) => `${field}=${encodeURIComponent(value ?? "")}`)
    .join("&");
}

describe("a registration", () => {
  it.each(HTTPS_VECTORS)("of the vector $id gets the secret", async ({ inputs, signedParams, outputs }) => {
    await add(inputs["productKey"] === "a1b2C3d4E5f" ? "A" : "B");
    const { sign, signMethod } = outputs as { sign: string; signMethod?: string };
    const fields = { ...signedParams, sign, signMethod: signMethod ?? "hmacsha256" };
    const text = String(outputs["body"] ?? new URLSearchParams(fields));
    const { productKey, deviceName, deviceSecret } = inputs;
    expect((await register(text)).body).toBe(
      `{"code":200,"data":{"productKey":"${productKey}","deviceName":"${deviceName}","deviceSecret":"${deviceSecret}"},"message":"success"}`,
    );
  });

  it("are six vectors", () => expect(HTTPS_VECTORS).toHaveLength(6));

  it("is answered as the C SDKs can read it: the exact header name, no chunks, a small head, 190 bytes of body at most", async () => {
    const longest = { productKey: "P".repeat(20), productSecret: "s".repeat(16), deviceName: "d".repeat(32) };
    await gateway.addKnown({ ...longest, deviceSecret: "S".repeat(32) }, { registration: "listed" });
    const { raw, head, body } = await register(bodyOf(longest));
    expect(JSON.parse(body)).toMatchObject({ code: 200 });
    expect(body.length).toBeLessThanOrEqual(190);
    expect(body).not.toMatch(/: /);
    expect(head).toMatch(/^HTTP\/1\.1 200 /);
    expect(head).toContain(`\r\nContent-Length: ${body.length}\r\n`);
    expect(raw).not.toMatch(/transfer-encoding/i);
    expect(head.length).toBeLessThan(1_024);
  });

  it.each([
    ["with a query", post(`${PATH}?_v=sdk-c-4.1.0&`, FORM, "BODY")],
    ["with a trailing NUL", post(PATH, FORM, "BODY\0")],
    ["with a charset", post(PATH, { "Content-Type": "application/x-www-form-urlencoded; charset=utf-8" }, "BODY")],
    ["with another content type", post(PATH, { "Content-Type": "text/plain" }, "BODY")],
    ["without one", post(PATH, {}, "BODY")],
  ])("is taken %s", async (_how, request) => {
    await add("A");
    const body = String(findVector("dynreg-https-c320-A").outputs["body"]);
    const [head = "", tail = ""] = request.toString().split("BODY");
    const whole = head.replace(/Content-Length:\d+/, `Content-Length:${body.length + tail.length}`) + body + tail;
    expect((await send(Buffer.from(whole))).code).toBe("200");
  });

  it("is refused in clear, unread, unless a setting says otherwise", async () => {
    await add("A");
    const body = String(findVector("dynreg-https-c320-A").outputs["body"]);
    expect((await register(body, "HTTP")).code).toBe("460");
    expect((await register("nonsense", "HTTP")).code).toBe("460");
    expect(gateway.recorder.registrations).toEqual([]);
    expect(gateway.recorder.drops.map(({ reason }) => reason)).toEqual([
      "registration_in_clear",
      "registration_in_clear",
    ]);
    await adapter.stop();
    await start({ TRINE_REGISTRATION_IN_CLEAR: "on" });
    expect((await register(body, "HTTP")).code).toBe("200");
  });

  it("of the wrong method, or of a body that is too large, is no registration", async () => {
    expect((await send(Buffer.from(`GET ${PATH} HTTP/1.1\r\nHost: h\r\n\r\n`))).code).toBe("10001");
    expect((await register("x".repeat(5_000))).code).toBe("10001");
  });

  it.each([
    ["", "460"],
    ["{}", "460"],
    ["productKey", "460"],
    [bodyOf(A(), { deviceName: undefined }), "460"],
    [bodyOf(A(), { productKey: "no key" }), "460"],
    [bodyOf(A(), { random: undefined }), "460"],
    [bodyOf(A(), { random: "x".repeat(129) }), "460"],
    [bodyOf(A(), { sign: undefined }), "460"],
    [bodyOf(A(), { sign: "xyz" }), "460"],
    [bodyOf(A(), { signMethod: "hmacsha512" }), "6292"],
    [bodyOf(A(), { random: "another" }), "6600"],
    [bodyOf(A(), { signMethod: "hmacsha256", sign: "00".repeat(32) }), "6600"],
    [bodyOf({ ...A(), productKey: "a1Unknown00" }), "6250"],
    [bodyOf({ ...A(), deviceName: "unknown_01" }), "6100"],
    [bodyOf(A(), { signMethod: undefined }), "6600"],
    [bodyOf(A()).replace("signMethod", "signmethod"), "200"],
    [`${bodyOf(A())}&sign=00&more=1`, "200"],
  ])("with the body %j is answered %s, with status 200", async (body, code) => {
    await add("A");
    const answer = await register(body);
    expect(answer.code).toBe(code);
    expect(answer.head).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("without any body is malformed", async () => {
    expect((await send(Buffer.from(`POST ${PATH} HTTP/1.1\r\nHost: h\r\n\r\n`))).code).toBe("460");
  });
});

function A() {
  return identities["A"] as { productKey: string; productSecret: string; deviceName: string };
}

describe("the code of a refusal (wire-format 3.2)", () => {
  /** What brings each one about. */
  const CAUSES: Partial<Record<RefusalCode, () => Promise<unknown>>> = {
    malformed: async () => register("x"),
    in_clear: async () => register("x", "HTTP"),
    sign_method: async () => {
      await add("A", { registration: "listed", signMethods: ["hmacsha256"] });
      return register(bodyOf(A()));
    },
    unknown_product: async () => register(bodyOf(A())),
    bad_credentials: async () => {
      await add("A");
      return register(bodyOf(A(), { random: "other" }));
    },
    registration_off: async () => {
      await add("A", {});
      return register(bodyOf(A()));
    },
    not_allowed: async () => {
      await add("A", { registration: "listed", transports: ["mqtt"] });
      return register(bodyOf(A()));
    },
    unknown_device: async () => {
      await add("A");
      return register(bodyOf({ ...A(), deviceName: "another_01" }));
    },
    disabled: async () => {
      const device = await add("A");
      await gateway.operators.devices.disable(gateway.actor, device);
      return register(bodyOf(A()));
    },
    already_active: async () => {
      const device = await add("A");
      const { iotId = "" } = (await gateway.ports.registry.findCredentials(device)) ?? {};
      await gateway.ports.registry.activate(device, iotId, 1);
      return register(bodyOf(A()));
    },
    busy: async () => {
      await add("A");
      await register(bodyOf(A()));
      return register(bodyOf(A()));
    },
    unavailable: async () => {
      await add("A");
      gateway.faults.down = true;
      return register(bodyOf(A()));
    },
  };

  it.each(Object.entries(CAUSES))("%s", async (code, cause) => {
    const { code: expected, message } = REGISTRATION_CODES[code as RefusalCode];
    const answer = (await cause()) as Awaited<ReturnType<typeof register>>;
    expect(answer.body).toBe(`{"code":${expected},"message":"${message}"}`);
    expect(answer.head).toMatch(/^HTTP\/1\.1 200 /);
  });

  it("throttled: unheard after too many wrong signatures of a network", async () => {
    await adapter.stop();
    await gateway.stop();
    gateway = await createTestPlatform({ settings: { failuresPerPeer: 1 } });
    await start();
    await add("A");
    for (let tries = 0; tries < 2; tries += 1) await register(bodyOf(A(), { random: "other" }));
    expect((await register(bodyOf(A()))).code).toBe("500");
  });

  it("adds an unknown device where the product is open, and does not where the list has no such name", async () => {
    await add("A", { registration: "open" });
    const productKey = parseDeviceRef(A().productKey, "none")?.productKey;
    if (!productKey) throw new Error("A has a productKey");
    await gateway.operators.registrationLists.replace(gateway.actor, productKey, { names: [], prefixes: ["lamp"] });
    expect((await register(bodyOf({ ...A(), deviceName: "lamp-1" }))).code).toBe("200");
    expect((await register(bodyOf({ ...A(), deviceName: "pump-1" }))).code).toBe("6100");
  });
});
