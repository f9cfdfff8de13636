import { type DeviceCertificate, signHttpLogin, signMqttLogin, signPsk } from "@trine/device";
import mqtt, { type IClientOptions, MqttClient } from "mqtt";
import { describe, expect, it } from "vitest";
import { topicOf } from "../src/fleet.ts";
import { greetingLines } from "../src/greeting-lines.ts";
import { runCommand } from "../src/run-command.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { openTlsPipe } from "../src/tls-pipe.ts";

type Command = readonly [string, ...string[]];

describe("clients over TLS", () => {
  const trine = shareInstallation("embedded");

  /** Options of MQTT.js that log a device in over TLS. */
  const loginOf = (certificate: DeviceCertificate): IClientOptions => ({
    ...signMqttLogin(certificate, { secureMode: 2 }),
    reconnectPeriod: 0,
    protocolVersion: 4,
  });

  /** Publishes over a client that is connecting, and receives what was sent through the REST API. */
  async function exchangeOver(client: MqttClient, certificate: DeviceCertificate): Promise<void> {
    await new Promise<void>((done, fail) =>
      client
        .once("connect", () => done())
        .once("error", fail)
        .once("close", fail),
    );
    const topic = topicOf(certificate, "user/get");
    await client.subscribeAsync(topic, { qos: 1 });
    const received = new Promise<string>((done) =>
      client.once("message", (_topic, payload) => done(payload.toString())),
    );
    await client.publishAsync(topicOf(certificate, "user/update"), "up", { qos: 1 });
    await trine.send(certificate, topic, "down");
    expect(await received).toBe("down");
    expect(await trine.readFrom(certificate)).toMatchObject([{ text: "up", transport: "mqtt" }]);
    await client.endAsync();
  }

  const openssl = (...options: readonly string[]): Command => [
    "openssl",
    "s_client",
    "-quiet",
    "-tls1_2",
    "-connect",
    `127.0.0.1:${trine.ports.mqtts}`,
    ...options,
  ];
  const gnutls = (priority: string, ...options: readonly string[]): Command => [
    "gnutls-cli",
    "--logfile=/dev/null",
    `--priority=NONE:+VERS-TLS1.2:+COMP-NULL:+SIGN-RSA-SHA256:${priority}`,
    `--port=${trine.ports.mqtts}`,
    ...options,
    "127.0.0.1",
  ];
  const byCertificate = () => ["-CAfile", trine.caFile, "-verify_return_error"];
  const hexOf = (key: Buffer) => key.toString("hex");

  /** The suites of the vendor's C SDK (wire-format 2.8), one client each. */
  const CLIENTS: Readonly<Record<string, (certificate: DeviceCertificate) => Command>> = {
    "OpenSSL with AES128-SHA256": () => openssl("-cipher", "AES128-SHA256", ...byCertificate()),
    "OpenSSL with AES256-SHA": () => openssl("-cipher", "AES256-SHA", ...byCertificate()),
    "OpenSSL with PSK-AES128-CBC-SHA": (certificate) => {
      const { identity, key } = signPsk(certificate);
      return openssl("-cipher", "PSK-AES128-CBC-SHA", "-psk_identity", identity, "-psk", hexOf(key));
    },
    "GnuTLS with RSA, AES-128-CBC and SHA-256": () =>
      gnutls("+RSA:+AES-128-CBC:+SHA256", `--x509cafile=${trine.caFile}`),
    "GnuTLS with PSK, AES-128-CBC and SHA-1": (certificate) => {
      const { identity, key } = signPsk(certificate);
      return gnutls("+PSK:+AES-128-CBC:+SHA1", `--pskusername=${identity}`, `--pskkey=${hexOf(key)}`);
    },
  };

  it.each(Object.keys(CLIENTS))("%s logs in and exchanges messages", async (name) => {
    const certificate = await trine.addDevice();
    const pipe = openTlsPipe(CLIENTS[name]?.(certificate) ?? ["false"]);
    const client = new MqttClient(() => pipe.stream, loginOf(certificate));
    await exchangeOver(client, certificate);
    await pipe.ended;
  });

  it("a wrong pre-shared key ends in the handshake, and so does one of nobody, alike", async () => {
    const certificate = await trine.addDevice();
    const { identity } = signPsk(certificate);
    const stranger = signPsk({ ...certificate, deviceName: "nobody" });
    const refused: string[] = [];
    for (const each of [identity, stranger.identity]) {
      const pipe = openTlsPipe(
        openssl("-cipher", "PSK-AES128-CBC-SHA", "-psk_identity", each, "-psk", "41".repeat(64)),
      );
      const { code, said } = await pipe.ended;
      expect(code).not.toBe(0);
      refused.push(said.match(/alert [a-z ]+/)?.[0] ?? said);
    }
    expect(refused[0]).toBe(refused[1]);
  });

  it("the pre-shared key of another device lets nobody log in", async () => {
    const [certificate, other] = [await trine.addDevice(), await trine.addDevice()];
    const { identity, key } = signPsk(other);
    const pipe = openTlsPipe(openssl("-cipher", "PSK-AES128-CBC-SHA", "-psk_identity", identity, "-psk", hexOf(key)));
    const client = new MqttClient(() => pipe.stream, loginOf(certificate));
    const error = await new Promise((done) => client.once("error", done));
    expect(error).toMatchObject({ code: 4 });
    await client.endAsync(true);
    await pipe.ended;
  });

  /** Options of both mosquitto clients that log a device in. */
  const mosquitto = (certificate: DeviceCertificate, ...security: readonly string[]) => {
    const { clientId, username, password } = signMqttLogin(certificate, { secureMode: 2 });
    const target = ["-h", "127.0.0.1", "-p", String(trine.ports.mqtts), ...security];
    return [...target, "-i", clientId, "-u", username, "-P", password];
  };

  it.each(["a certificate", "a pre-shared key"])("mosquitto publishes and receives over TLS with %s", async (way) => {
    const certificate = await trine.addDevice();
    const { identity, key } = signPsk(certificate);
    const security =
      way === "a certificate"
        ? ["--cafile", trine.caFile]
        : ["--psk", hexOf(key), "--psk-identity", identity, "--tls-version", "tlsv1.2"];
    const publish = ["-q", "1", "-t", topicOf(certificate, "user/update"), "-m", "up"];
    expect(await runCommand(["mosquitto_pub", ...mosquitto(certificate, ...security), ...publish])).toMatchObject(
      CLEAN,
    );
    expect(await trine.readFrom(certificate)).toMatchObject([{ text: "up" }]);
    const topic = topicOf(certificate, "user/get");
    await trine.send(certificate, topic, "down");
    const subscribe = ["-q", "1", "-t", topic, "-C", "1", "-W", "15"];
    const received = await runCommand(["mosquitto_sub", ...mosquitto(certificate, ...security), ...subscribe]);
    expect(received).toEqual({ ...CLEAN, stdout: "down\n" });
  });

  it("curl logs in and publishes over HTTPS, and does not without the CA", async () => {
    const certificate = await trine.addDevice();
    const origin = `https://127.0.0.1:${trine.ports.https}`;
    const post = (path: string, body: string, ...more: readonly string[]) =>
      runCommand(["curl", "-sS", `${origin}${path}`, "--data-binary", body, ...more]);
    const json = ["-H", "Content-Type: application/json"];
    const trust = ["--cacert", trine.caFile];
    expect((await post("/auth", signHttpLogin(certificate), ...json)).code).toBe(60);
    const login = await post("/auth", signHttpLogin(certificate), ...json, ...trust);
    const { token } = (JSON.parse(login.stdout) as { info: { token: string } }).info;
    const octets = ["-H", "Content-Type: application/octet-stream", "-H", `password: ${token}`];
    const topic = `/topic${topicOf(certificate, "user/update")}`;
    expect((await post(topic, "from curl", ...octets, ...trust)).stdout).toMatch(/^{"code":0,/);
    expect(await trine.readFrom(certificate)).toMatchObject([{ text: "from curl", transport: "http" }]);
  });

  it.each(["mqtts", "mqtt"] as const)("MQTT.js exchanges messages over TLS 1.3 on the port of %s", async (port) => {
    const certificate = await trine.addDevice();
    const options = { ...loginOf(certificate), ca: trine.ca, minVersion: "TLSv1.3" as const };
    await exchangeOver(mqtt.connect(`mqtts://127.0.0.1:${trine.ports[port]}`, options), certificate);
  });

  it("on the port of TLS nothing is taken in clear", async () => {
    const certificate = await trine.addDevice();
    const client = mqtt.connect(`mqtt://127.0.0.1:${trine.ports.mqtts}`, loginOf(certificate));
    const connected = await new Promise((done) => {
      client.once("connect", () => done(true)).once("close", () => done(false));
    });
    expect(connected).toBe(false);
    await client.endAsync(true);
  });

  it("logs in with the very lines that the gateway printed at its first start", async () => {
    const lines = greetingLines(trine.logs());
    for (const line of lines.secure) {
      const pasted = await runCommand(["sh", "-c", line]);
      expect(pasted, line).toMatchObject(CLEAN);
      if (line.startsWith("curl")) expect(pasted.stdout).toMatch(/^{"code":0,/);
    }
    expect(lines.secure.map((line) => /--cafile|--psk |--cacert/.exec(line)?.[0].trim())).toEqual([
      "--cafile",
      "--psk",
      "--cacert",
    ]);
  });
});

const CLEAN = { code: 0, stderr: "" };
