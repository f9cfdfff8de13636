import { type AuthAttempt, type ChannelProof, isRefusal, isX509Attempt } from "@trine/core/auth";
import type { DeviceCertificate } from "@trine/core/registry";
import type { IConnectPacket } from "mqtt-packet";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseConnect } from "../src/parse-connect.ts";
import { aGateway, type Gateway, topicOf } from "./a-gateway.ts";
import { startOn } from "./driver.ts";
import { openRaw, type RawClient } from "./raw-client.ts";

let gateway: Gateway;
let stops: (() => Promise<unknown>)[];
beforeEach(async () => {
  gateway = await aGateway();
  stops = [];
});
afterEach(async () => {
  for (const stop of stops) await stop();
  await gateway.stop();
});

/** A connection to another adapter over the same stores, whose channels all prove this. */
async function openProving(proof: ChannelProof): Promise<RawClient> {
  const adapter = await startOn(gateway.platform, {}, proof);
  const client = await openRaw(adapter.port, "TLS");
  stops.push(client.close, adapter.stop);
  return client;
}

describe("over a channel that a pre-shared key opened", () => {
  it("the device of that key logs in, and nobody else, whatever it can sign", async () => {
    const [owner, other] = [await gateway.aDevice(), await gateway.aDevice()];
    const { productKey, deviceName } = owner;
    const proof = { kind: "psk", device: { productKey, deviceName }, secretVersion: 1 } as const;
    for (const [device, code] of [
      [other, 4],
      [owner, 0],
    ] as const) {
      const client = await openProving(proof);
      client.send(gateway.connectOf(device));
      expect((await client.take("connack")).returnCode).toBe(code);
    }
  });

  it("a login that has no signature is none", async () => {
    const { productKey, deviceName } = await gateway.aDevice();
    const client = await openProving({ kind: "psk", device: { productKey, deviceName }, secretVersion: 1 });
    client.send(NAMELESS);
    expect((await client.take("connack")).returnCode).toBe(4);
  });
});

describe("over a channel with a certificate", () => {
  const proof = { kind: "x509", chain: [Buffer.from("certificate")] } as const;
  const IDENTITY = "/ext/auth/identity/response";

  /** Has the one certificate be that of `device`; what happens meanwhile is up to the test. */
  function certify(device: DeviceCertificate, meanwhile: () => Promise<unknown> = async () => undefined): void {
    const { authenticator } = gateway.platform;
    const authenticate = authenticator.authenticate.bind(authenticator);
    const { clientId, username, password } = gateway.connectOf(device);
    const signed = parseConnect({
      clientId,
      username,
      password: password as Buffer,
      peer: "192.0.2.1",
      channel: undefined,
    });
    Object.assign(authenticator, {
      async authenticate(attempt: AuthAttempt) {
        if (!isX509Attempt(attempt) || isRefusal(signed)) return authenticate(attempt);
        const session = await authenticate(signed.attempt);
        await meanwhile();
        return session;
      },
    });
  }

  it("the device is told who it is right behind the CONNACK, before what waits for it, and without a subscription", async () => {
    const device = await gateway.aDevice();
    const { productKey, deviceName } = device;
    certify(device);
    await gateway.sendTo(device, "user/get", "waits");
    for (const subscribes of [true, false]) {
      const client = await openProving(proof);
      client.send({ ...NAMELESS, clean: false });
      expect((await client.take("connack")).returnCode).toBe(0);
      const told = await client.take("publish");
      expect(told).toMatchObject({ topic: IDENTITY, qos: 0 });
      expect(told.payload.toString()).toBe(JSON.stringify({ productKey, deviceName }));
      if (!subscribes) expect((await client.take("publish")).payload.toString()).toBe("waits");
      else
        client.send({
          cmd: "subscribe",
          messageId: 1,
          subscriptions: [{ topic: topicOf(device, "user/get"), qos: 1 }],
        });
      if (subscribes) await client.take("suback");
      await client.close();
    }
  });

  it("a device that logs in with its secret is told nothing", async () => {
    const device = await gateway.aDevice();
    const client = await openProving(proof);
    client.send(gateway.connectOf(device), { cmd: "pingreq" });
    await client.take("pingresp");
    expect(client.waiting.map(({ cmd }) => cmd)).toEqual(["connack"]);
  });

  it("a device that is disabled while its certificate is judged does not stay", async () => {
    const device = await gateway.aDevice();
    certify(device, () => gateway.operators.devices.disable(gateway.actor, device));
    const client = await openProving(proof);
    client.send(NAMELESS);
    await client.closed;
    expect(client.raw()).toBe("20020003");
  });
});

/** As the vendor's documents have a login that leaves its proof to the certificate (wire-format 2.10). */
const NAMELESS: IConnectPacket = {
  cmd: "connect",
  protocolId: "MQTT",
  protocolVersion: 4,
  clean: true,
  keepalive: 60,
  clientId: ".|securemode=2|",
  username: "",
  password: Buffer.alloc(0),
};
