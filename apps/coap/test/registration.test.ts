import type { RefusalCode } from "@trine/core/auth";
import { computeMac, parseSignMethod, Secret, stringToSign } from "@trine/core/certificate";
import { createTestPlatform } from "@trine/testkit/conformance";
import { randomName } from "@trine/testkit/ports";
import { loadVectors } from "@trine/vectors";
import { encode } from "cborg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { RESPONSE_CODES } from "../src/response-code.ts";
import { type CoapsBench, openCoapsBench, pskOf } from "./coaps-bench.ts";
import { startOn } from "./driver.ts";
import { openRaw, option, type RawClient } from "./raw-client.ts";

const PATH = "/auth/register/device";
const VECTORS = loadVectors().vectors.filter(({ id }) => id.startsWith("dynreg-coap-"));

type Identity = Readonly<Record<"productKey" | "productSecret" | "deviceName" | "deviceSecret", string>>;

let bench: CoapsBench;
let client: RawClient;
/** A device that nobody knows yet; each test has another. */
let known: Identity;

beforeAll(async () => {
  bench = await openCoapsBench();
});

afterAll(() => bench.stop());

beforeEach(async () => {
  client = await bench.open({});
  known = {
    productKey: randomName(11),
    productSecret: randomName(16),
    deviceName: randomName(10),
    deviceSecret: randomName(32),
  };
});

afterEach(() => client.close());

/** What the C SDK sends (wire-format 3.5); what is given replaces what would be there. */
function fieldsOf(of: Identity, given: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> {
  const { productKey, deviceName } = of;
  const random = "0123456789ABCDEF01234567";
  const signMethod = parseSignMethod(String(given["signmethod"])) ?? "hmacsha256";
  const text = stringToSign({ deviceName, productKey, random });
  const sign = computeMac(signMethod, new Secret(of.productSecret), text).toString("hex");
  return { signmethod: signMethod, deviceName, productKey, random, sign, ...given };
}

const ask = (fields: object, over = client) =>
  over.request({ path: PATH, payload: Buffer.from(JSON.stringify(fields)) });

const register = (given: Readonly<Record<string, unknown>> = {}) => ask(fieldsOf(known, given));

const add = (policy: object = { registration: "listed" }) => bench.gateway.addKnown(known, policy);

function handed({ productKey, deviceName, deviceSecret }: Identity): string {
  return `{"productKey":"${productKey}","deviceName":"${deviceName}","deviceSecret":"${deviceSecret}"}`;
}

describe("a registration over DTLS", () => {
  it.each(VECTORS)("of the vector $id gets the secret", async ({ inputs, signedParams, outputs }) => {
    const identity = inputs as unknown as Identity;
    await bench.gateway.addKnown(identity, { registration: "listed" });
    const answer = await ask({ signmethod: "hmacsha256", ...signedParams, sign: outputs["sign"] });
    expect([answer.code, String(answer.payload)]).toEqual(["2.05", handed(identity)]);
    expect(`/${outputs["path"]}`).toBe(PATH);
  });

  it("are two vectors", () => expect(VECTORS).toHaveLength(2));

  it("is read with either spelling of the method, in CBOR, and with a NUL behind it", async () => {
    await add({ registration: "listed" });
    const { signmethod, ...rest } = fieldsOf(known);
    expect((await ask({ ...rest, signMethod: signmethod })).code).toBe("2.05");
    // A moment later it is handed out again; until then the request was read all the same.
    const cbor = {
      path: PATH,
      payload: Buffer.from(encode(fieldsOf(known))),
      options: [option("Content-Format", "<")],
    };
    expect((await client.request(cbor)).code).toBe("5.03");
    const text = Buffer.from(`${JSON.stringify(fieldsOf(known))}\0`);
    expect((await client.request({ path: PATH, payload: text })).code).toBe("5.03");
    expect(bench.gateway.recorder.registrations.slice(-3).map(({ code }) => code)).toEqual(["ok", "busy", "busy"]);
  });

  it("is no login: the session is nobody's, and the device still logs in", async () => {
    const device = await add();
    expect((await register()).code).toBe("2.05");
    expect(await bench.gateway.ports.registry.findDevice(device)).toMatchObject({ activatedAtMs: undefined });
    const published = await client.request({ path: `/topic/${known.productKey}/${known.deviceName}/user/update` });
    expect(published.code).toBe("4.01");
  });

  it("is refused over plain UDP on both ports, unread, unless a setting says otherwise", async () => {
    const gateway = await createTestPlatform();
    const closed = await startOn(gateway.platform);
    const open = await startOn(gateway.platform, { TRINE_REGISTRATION_IN_CLEAR: "on" });
    await gateway.addKnown(known, { registration: "listed" });
    for (const port of [closed.port, closed.symmetricPort]) {
      const plain = await openRaw(port);
      const answer = await ask(fieldsOf(known), plain);
      expect([answer.code, answer.payload.length]).toEqual(["4.03", 0]);
      await plain.close();
    }
    expect(gateway.recorder.registrations).toEqual([]);
    const plain = await openRaw(open.port);
    expect(String((await ask(fieldsOf(known), plain)).payload)).toBe(handed(known));
    await Promise.all([plain.close(), closed.adapter.stop(), open.adapter.stop()]);
    await gateway.stop();
  });

  it("may come over a channel that a device opened by its key", async () => {
    const psk = pskOf(await bench.gateway.addDevice());
    await add();
    const other = await bench.open({ psk });
    expect((await ask(fieldsOf(known), other)).code).toBe("2.05");
    await other.close();
  });

  it("has one method, and no path below or above it", async () => {
    expect((await client.request({ method: "GET", path: PATH })).code).toBe("4.05");
    expect((await client.request({ path: `${PATH}/x` })).code).toBe("4.04");
    expect((await client.request({ path: "/auth/register" })).code).toBe("4.04");
  });

  it.each([
    ["nonsense", "4.00"],
    ["[]", "4.00"],
    [JSON.stringify({ productKey: "a1" }), "4.00"],
  ])("with the body %j is answered %s", async (body, code) => {
    expect((await client.request({ path: PATH, payload: Buffer.from(body) })).code).toBe(code);
  });

  it.each([
    { random: undefined },
    { random: "x".repeat(129) },
    { sign: "xyz" },
    { sign: undefined },
    { deviceName: 7 },
  ])("with %j is malformed", async (given) => {
    await add();
    expect((await register(given)).code).toBe("4.00");
  });
});

describe("the code of a refused registration (wire-format 3.6)", () => {
  const CAUSES: Partial<Record<RefusalCode, () => Promise<{ code: string }>>> = {
    malformed: () => register({ sign: "" }),
    sign_method: () => register({ signmethod: "hmacsha512" }),
    unknown_product: () => register(),
    bad_credentials: async () => {
      await add();
      return register({ random: "another" });
    },
    registration_off: async () => {
      await add({});
      return register();
    },
    not_allowed: async () => {
      await add({ registration: "listed", transports: ["mqtt", "coap"] });
      return register();
    },
    unknown_device: async () => {
      await add();
      return ask(fieldsOf({ ...known, deviceName: "another_01" }));
    },
    disabled: async () => {
      await bench.gateway.operators.devices.disable(bench.gateway.actor, await add());
      return register();
    },
    already_active: async () => {
      const device = await add();
      const { registry } = bench.gateway.ports;
      const { iotId = "" } = (await registry.findCredentials(device)) ?? {};
      await registry.activate(device, iotId, 1);
      return register();
    },
    busy: async () => {
      await add();
      await register();
      return register();
    },
    unavailable: async () => {
      bench.gateway.faults.down = true;
      return register().finally(() => {
        bench.gateway.faults.down = false;
      });
    },
  };

  it.each(Object.entries(CAUSES))("%s", async (code, cause) => {
    expect((await cause()).code).toBe(RESPONSE_CODES[code as RefusalCode]);
  });
});
