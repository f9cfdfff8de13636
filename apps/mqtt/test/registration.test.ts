import type { RefusalCode } from "@trine/core/auth";
import { computeMac, parseSignMethod, Secret, stringToSign } from "@trine/core/certificate";
import { createTestPlatform, type TestPlatform } from "@trine/testkit/conformance";
import { findVector, loadVectors } from "@trine/vectors";
import type { IConnectPacket } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CONNACK_CODES } from "../src/connack.ts";
import type { MqttSettings } from "../src/index.ts";
import { startOn } from "./driver.ts";
import { aPublish, aSubscribe, type Channel, openRaw, type RawClient } from "./raw-client.ts";

const VECTORS = loadVectors().vectors.filter(({ id }) => id.startsWith("dynreg-mqtt-"));
const { identities } = loadVectors().meta;

let gateway: TestPlatform;
let adapter: { port: number; stop(): Promise<void> };
let clients: RawClient[];

async function start(settings: Partial<MqttSettings> = {}): Promise<void> {
  adapter = await startOn(gateway.platform, settings);
}

beforeEach(async () => {
  clients = [];
  gateway = await createTestPlatform();
  await start();
});

afterEach(async () => {
  await Promise.all(clients.map((client) => client.close()));
  await adapter.stop();
  await gateway.stop();
});

interface Login {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
}

/** Sends a CONNECT and reads its answer. */
async function connect(login: Login, given: Partial<IConnectPacket> = {}, channel: Channel = "TLS") {
  const client = await openRaw(adapter.port, channel);
  clients.push(client);
  client.send({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    ...login,
    password: Buffer.from(login.password),
    ...given,
  } as IConnectPacket);
  const { returnCode } = await client.take("connack");
  return { client, code: returnCode };
}

type Identity = Readonly<Record<"productKey" | "productSecret" | "deviceName" | "deviceSecret", string>>;
const A = identities["A"] as Identity;
const B = identities["B"] as Identity;

/** The CONNECT of a device that registers itself. */
function request(of: Identity, given: Readonly<Record<string, string>> = {}): Login {
  const { productKey, deviceName } = of;
  const pairs = { authType: "register", random: "CD34AB12", signmethod: "hmacsha256", securemode: "2", ...given };
  const signMethod = parseSignMethod(pairs.signmethod) ?? "hmacsha256";
  const text = stringToSign({ deviceName, productKey, random: pairs.random });
  return {
    clientId: `${productKey}.${deviceName}|${Object.entries(pairs)
      .map((pair) => pair.join("="))
      .join(",")}|`,
    username: `${deviceName}&${productKey}`,
    password: computeMac(signMethod, new Secret(of.productSecret), text).toString("hex"),
  };
}

async function pushed({ client, code }: Awaited<ReturnType<typeof connect>>) {
  expect(code).toBe(0);
  const { topic, payload, qos } = await client.take("publish");
  return { topic, qos, text: String(payload) };
}

/** Registers for a device token. @returns what was handed over. */
async function tokenOf(of: Identity) {
  const { text } = await pushed(await connect(request(of, { authType: "regnwl" })));
  return JSON.parse(text) as { clientId: string; productKey: string; deviceName: string; deviceToken: string };
}

const tokenLogin = ({ clientId, productKey, deviceName, deviceToken }: Awaited<ReturnType<typeof tokenOf>>): Login => ({
  clientId: `${clientId}|authType=connwl,securemode=-2,_ss=1,ext=3,_v=sdk-c-4.2.0|`,
  username: `${deviceName}&${productKey}`,
  password: deviceToken,
});

describe("a CONNECT that registers a device", () => {
  it.each(VECTORS.filter(({ id }) => !id.includes("regnwl")))(
    "as in the vector $id is answered with the secret",
    async ({ inputs, outputs }) => {
      await gateway.addKnown(inputs as unknown as Identity, { registration: "listed" });
      expect(await pushed(await connect(outputs as unknown as Login))).toEqual({
        topic: "/ext/register",
        qos: 0,
        text: `{"productKey":"${inputs["productKey"]}","deviceName":"${inputs["deviceName"]}","deviceSecret":"${inputs["deviceSecret"]}"}`,
      });
    },
  );

  it("as in the vector of a device that is not listed is answered with a device token, which logs it in", async () => {
    const { inputs, outputs } = findVector("dynreg-mqtt-c4-regnwl-B");
    const { deviceSecret: _, ...unknown } = inputs as unknown as Identity;
    const device = await gateway.addKnown(unknown, { registration: "open" });
    const { topic, text } = await pushed(await connect(outputs as unknown as Login));
    expect(topic).toBe("/ext/regnwl");
    const handed = JSON.parse(text) as Awaited<ReturnType<typeof tokenOf>>;
    expect(Object.keys(handed)).toEqual(["clientId", "productKey", "deviceName", "deviceToken"]);
    expect(handed).toMatchObject(device);
    expect(handed.deviceToken).toMatch(/^[!-~]{1,63}$/);
    const { client, code } = await connect(tokenLogin(handed));
    expect(code).toBe(0);
    client.send(aPublish({ topic: `/${device.productKey}/${device.deviceName}/user/update` }));
    await client.take("puback");
    expect(await gateway.ports.registry.findDevice(device)).toMatchObject({ activatedAtMs: expect.any(Number) });
  });

  it("are four vectors", () => expect(VECTORS).toHaveLength(4));

  it.each(["TLS", "WebSocket over TLS"] as const)("is taken over %s", async (channel) => {
    await gateway.addKnown(A, { registration: "listed" });
    expect((await pushed(await connect(request(A), {}, channel))).topic).toBe("/ext/register");
  });

  it.each(["TCP", "WebSocket"] as const)(
    "is refused with 2 over %s, and so is a device token, unless a setting says otherwise",
    async (channel) => {
      await gateway.addKnown(A, { registration: "open" });
      expect((await connect(request(A), {}, channel)).code).toBe(2);
      const { deviceSecret: _, ...unknown } = B;
      await gateway.addKnown(unknown, { registration: "open" });
      const handed = await tokenOf(B);
      expect((await connect(tokenLogin(handed), {}, channel)).code).toBe(2);
      expect(gateway.recorder.drops.map(({ reason }) => reason)).toEqual(["login_in_clear", "login_in_clear"]);
      await adapter.stop();
      await start({ TRINE_REGISTRATION_IN_CLEAR: "on" });
      expect((await connect(request(A), {}, channel)).code).toBe(0);
      expect((await connect(tokenLogin(handed), {}, channel)).code).toBe(0);
    },
  );

  it.each([
    ["any keepalive", {}, { keepalive: 0 }],
    ["the mode of the documentation", { securemode: "-2" }, {}],
    ["an instance", { instanceId: "iot-cn-1" }, {}],
    ["MQTT 3.1", {}, { protocolId: "MQIsdp", protocolVersion: 3 }],
    ["a lasting session", {}, { clean: false }],
  ] as const)("is taken with %s", async (_what, pairs, packet) => {
    await gateway.addKnown(A, { registration: "listed" });
    expect((await pushed(await connect(request(A, pairs), packet as Partial<IConnectPacket>))).topic).toBe(
      "/ext/register",
    );
  });

  it("opens a connection for nothing else: what the device publishes ends it, what it subscribes to is not granted", async () => {
    const device = await gateway.addKnown(A, { registration: "listed" });
    const topic = `/${device.productKey}/${device.deviceName}/user/update`;
    const { client } = await connect(request(A));
    client.send(aSubscribe([topic, "/ext/register"]), { cmd: "pingreq" });
    expect((await client.take("suback")).granted).toEqual([128, 128]);
    await client.take("pingresp");
    client.send(aPublish({ topic }));
    await client.closed;
    expect(client.waiting.map(({ cmd }) => cmd)).toEqual(["publish"]);
    expect(await gateway.published(device)).toEqual([]);
    expect(await gateway.ports.registry.findDevice(device)).toMatchObject({
      status: "UNACTIVE",
      activatedAtMs: undefined,
    });
  });

  it("is closed after 15 seconds, when the device did not leave", async () => {
    await gateway.addKnown(A, { registration: "listed" });
    const { client } = await connect(request(A));
    const began = performance.now();
    await client.closed;
    expect(performance.now() - began).toBeGreaterThan(14_000);
  });

  it("may leave by itself, and does not keep a stop waiting", async () => {
    await gateway.addKnown(A, { registration: "listed" });
    const { client } = await connect(request(A));
    client.send({ cmd: "disconnect" });
    await client.closed;
    await gateway.addKnown(B, { registration: "listed" });
    await connect(request(B));
    await adapter.stop();
    await start();
  });
});

describe("the CONNACK of a refused registration (wire-format 3.6)", () => {
  const refused = async (login: Login) => (await connect(login)).code;

  const CAUSES: Partial<Record<RefusalCode, () => Promise<number | undefined>>> = {
    in_clear: async () => (await connect(request(A), {}, "TCP")).code,
    malformed: () => refused(request(A, { random: "" })),
    sign_method: () => refused(request(A, { signmethod: "hmacsha512" })),
    unknown_product: () => refused(request(A)),
    bad_credentials: async () => {
      await gateway.addKnown(A, { registration: "listed" });
      return refused({ ...request(A), password: "00".repeat(32) });
    },
    registration_off: async () => {
      await gateway.addKnown(A);
      return refused(request(A));
    },
    not_allowed: async () => {
      await gateway.addKnown(A, { registration: "listed", authType: "x509" });
      return refused(request(A));
    },
    unknown_device: async () => {
      await gateway.addKnown(A, { registration: "listed" });
      return refused(request({ ...A, deviceName: "another_01" }));
    },
    disabled: async () => {
      const device = await gateway.addKnown(A, { registration: "listed" });
      await gateway.operators.devices.disable(gateway.actor, device);
      return refused(request(A));
    },
    already_active: async () => {
      const device = await gateway.addKnown(A, { registration: "listed" });
      const { iotId = "" } = (await gateway.ports.registry.findCredentials(device)) ?? {};
      await gateway.ports.registry.activate(device, iotId, 1);
      return refused(request(A));
    },
    busy: async () => {
      await gateway.addKnown(A, { registration: "listed" });
      await refused(request(A));
      return refused(request(A));
    },
    unavailable: async () => {
      gateway.faults.down = true;
      return refused(request(A));
    },
  };

  it.each(Object.entries(CAUSES))("%s", async (code, cause) => {
    expect(await cause()).toBe(CONNACK_CODES[code as RefusalCode]);
  });

  it("is 2 for a username that names no device, and 4 for a password that is no hex", async () => {
    expect(await refused({ ...request(A), username: "device_01" })).toBe(2);
    expect(await refused({ ...request(A), password: "not hex" })).toBe(4);
  });

  it("is 5 for a device token that only listed devices' product is asked for", async () => {
    await gateway.addKnown(A, { registration: "listed" });
    expect(await refused(request(A, { authType: "regnwl" }))).toBe(5);
  });
});

describe("a login with a device token", () => {
  it("is refused with 4 under another clientId, for another device, or with another token", async () => {
    const { deviceSecret: _, ...unknown } = A;
    await gateway.addKnown(unknown, { registration: "open" });
    const handed = await tokenOf(A);
    const other = await tokenOf({ ...A, deviceName: "device_02" });
    for (const wrong of [
      { ...handed, clientId: "another" },
      { ...handed, deviceName: other.deviceName },
      { ...handed, deviceToken: other.deviceToken },
      { ...handed, deviceToken: "" },
      { ...handed, deviceToken: "^1^1677597746541^9ffd7c5bcf0c87f" },
    ])
      expect((await connect(tokenLogin(wrong))).code).toBe(4);
    expect((await connect(tokenLogin(handed))).code).toBe(0);
  });

  it("ends with the device: what is connected is closed, and 5 is answered once it is disabled", async () => {
    const { deviceSecret: _, ...unknown } = A;
    const device = await gateway.addKnown(unknown, { registration: "open" });
    const handed = await tokenOf(A);
    const { client } = await connect(tokenLogin(handed));
    await gateway.operators.devices.disable(gateway.actor, device);
    await client.closed;
    expect((await connect(tokenLogin(handed))).code).toBe(5);
  });
});
