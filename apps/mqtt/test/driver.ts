import type { ChannelProof } from "@trine/core/auth";
import type { Platform } from "@trine/core/platform";
import { registrationConnect, signMqttLogin, signRegistration } from "@trine/device";
import type {
  AdapterDriver,
  DeviceSession,
  LoginAnswer,
  LoginRequest,
  RegisterAnswer,
  RegisterRequest,
} from "@trine/testkit/conformance";
import { type MqttSettings, mqttSettings, startMqtt } from "../src/index.ts";
import { anIngress } from "./an-ingress.ts";
import { aPublish, aSubscribe, type Channel, openRaw, type RawClient } from "./raw-client.ts";

/** Speaks to the MQTT adapter packet by packet. */
export const createMqttDriver = (channel: Channel): AdapterDriver => ({
  transport: "mqtt",
  delivery: "pushed",
  payloadBytes: { allowed: 262_144, oversized: 262_145 },
  expected: {
    login: {
      accepted: "0",
      badCredentials: "4",
      disabled: "5",
      notAllowed: "5",
      malformed: "2",
      unavailable: "3",
    },
    registration: {
      accepted: "0",
      badSignature: "4",
      off: "5",
      unknownDevice: "5",
      alreadyActive: "5",
      unavailable: "3",
    },
    publish: {
      accepted: "puback",
      foreignTopic: "puback",
      oversized: "closed",
      unavailable: "closed",
      revoked: "closed",
    },
  },
  async start(platform) {
    const { port, stop } = await startOn(platform, { TRINE_REGISTRATION_IN_CLEAR: "on" });
    const clients = new Set<RawClient>();
    // A handshake ahead, so that a login is sent when the scenario says so, over every channel.
    let next = openRaw(port, channel);
    const take = async () => {
      const client = await next;
      next = openRaw(port, channel);
      clients.add(client);
      return client;
    };
    return {
      login: async (login) => logIn(await take(), login),
      register: async (request) => register(await take(), request),
      async stop() {
        clients.add(await next);
        await Promise.all([...clients].map((client) => client.close()));
        await stop();
      },
    };
  },
});

/**
 * Starts the adapter on the loopback and a free port.
 *
 * @param proof what every channel proves.
 */
export async function startOn(
  platform: Platform,
  given: Partial<MqttSettings> = {},
  proof?: ChannelProof,
): Promise<{ port: number; stop(): Promise<void> }> {
  const free = { TRINE_DEVICE_HOST: "127.0.0.1", TRINE_MQTT_PORT: "0", TRINE_MQTTS_PORT: "off" };
  const settings = { ...mqttSettings.parse(free), ...given };
  const adapter = await startMqtt(platform, settings, anIngress(proof));
  return { port: adapter.ports["TRINE_MQTT_PORT"] ?? 0, stop: () => adapter.stop() };
}

async function logIn(client: RawClient, login: LoginRequest): Promise<LoginAnswer> {
  const { device, deviceSecret, signMethod, malformed } = login;
  const signed = signMqttLogin({ ...device, deviceSecret }, signMethod === undefined ? {} : { signMethod });
  client.send({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    keepalive: 60,
    clientId: malformed ? signed.clientId.replaceAll("|", "") : signed.clientId,
    username: signed.username,
    password: Buffer.from(signed.password),
  });
  const answer = await client.take("connack").catch(() => undefined);
  const raw = client.raw();
  if (!answer) return { accepted: false, code: "closed", raw };
  if (answer.returnCode !== 0) {
    await client.closed;
    return { accepted: false, code: String(answer.returnCode), raw };
  }
  return { accepted: true, code: "0", raw, session: sessionOn(client) };
}

async function register(client: RawClient, { device, productSecret }: RegisterRequest): Promise<RegisterAnswer> {
  const login = registrationConnect(signRegistration({ ...device, productSecret }, { random: "CD34AB12" }));
  const connect = { cmd: "connect", protocolId: "MQTT", protocolVersion: 4, clean: true, keepalive: 60 } as const;
  client.send({ ...connect, ...login, password: Buffer.from(login.password) });
  const { returnCode } = await client.take("connack");
  if (returnCode !== 0) {
    await client.closed;
    return { code: String(returnCode), raw: client.raw() };
  }
  const { payload } = await client.take("publish");
  return { code: "0", raw: client.raw(), ...(JSON.parse(String(payload)) as { deviceSecret: string }) };
}

function sessionOn(client: RawClient): DeviceSession {
  let messageId = 0;
  return {
    async publish({ topic, payload }) {
      messageId += 1;
      client.send(aPublish({ topic, payload, messageId }));
      const answer = await client.take("puback").catch(() => undefined);
      return { code: answer ? answer.cmd : "closed" };
    },
    async listen(topic) {
      client.send(aSubscribe([topic]));
      await client.take("suback");
    },
    async receive(waitMs) {
      const packet = await client.take("publish", waitMs).catch(() => undefined);
      if (!packet) return undefined;
      const acknowledge = async () => client.send({ cmd: "puback", messageId: packet.messageId ?? 0 });
      return { topic: packet.topic, payload: packet.payload as Buffer, acknowledge };
    },
    closed: client.closed,
    close: () => client.close(),
  };
}
