import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connectHttpByX509, connectMqtt, connectMqttByX509, type DeviceCertificate } from "@trine/device";
import { makeTempFolder } from "@trine/testkit/servers";
import { createTestCa } from "@trine/testkit/x509";
import { MqttClient } from "mqtt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { topicOf } from "../src/fleet.ts";
import { ROOT } from "../src/repository.ts";
import { runCommand } from "../src/run-command.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { openTlsPipe } from "../src/tls-pipe.ts";

interface Issued {
  readonly fingerprint: string;
  readonly certificate: string;
  readonly privateKey: string;
}

describe("devices with X.509 certificates", () => {
  const trine = shareInstallation("embedded");
  let folder: Awaited<ReturnType<typeof makeTempFolder>>;

  beforeAll(async () => {
    folder = await makeTempFolder("x509");
  });
  afterAll(() => folder?.remove());

  const pathOf = ({ deviceName }: DeviceCertificate) => `/v1/products/${trine.productKey}/devices/${deviceName}`;
  const issue = (device: DeviceCertificate, order: object = {}) =>
    trine.api.call<Issued>("POST", `${pathOf(device)}/x509/issue`, order);
  const textsOf = async (device: DeviceCertificate) => (await trine.readFrom(device)).map(({ text }) => text);
  /** Certificate and key of a device in files. */
  async function filesOf({ certificate, privateKey }: Pick<Issued, "certificate" | "privateKey">, name: string) {
    const [certFile, keyFile] = [join(folder.path, `${name}.crt`), join(folder.path, `${name}.key`)];
    await Promise.all([writeFile(certFile, certificate), writeFile(keyFile, privateKey)]);
    return { certFile, keyFile };
  }
  const mqttWith = (certificate: string, key: string) =>
    connectMqttByX509({
      host: "127.0.0.1",
      port: trine.ports.mqtts,
      tls: { ca: trine.ca, x509: { certificate, key } },
    });
  const httpWith = (certificate: string, key: string) =>
    connectHttpByX509({
      host: "127.0.0.1",
      port: trine.ports.https,
      tls: { ca: trine.ca, x509: { certificate, key } },
    });

  it("are told who they are over MQTT, and exchange messages", async () => {
    const device = await trine.addDevice();
    const { certificate, privateKey } = await issue(device);
    const received: string[] = [];
    const connection = await connectMqttByX509({
      host: "127.0.0.1",
      port: trine.ports.mqtt,
      tls: { ca: trine.ca, x509: { certificate, key: privateKey } },
      onMessage: ({ payload }) => received.push(payload.toString()),
    });
    expect(connection.device).toEqual({ productKey: trine.productKey, deviceName: device.deviceName });
    const topic = topicOf(device, "user/get");
    await connection.subscribe([topic]);
    await connection.publish({ topic: topicOf(device, "user/update"), payload: "up" });
    await trine.send(device, topic, "down");
    await expect.poll(() => received).toEqual(["down"]);
    expect(await textsOf(device)).toEqual(["up"]);
    await connection.close();
  });

  it("are told who they are over HTTPS, and exchange messages", async () => {
    const device = await trine.addDevice();
    const { certificate, privateKey } = await issue(device);
    const connection = await httpWith(certificate, privateKey);
    expect(connection.device).toEqual({ productKey: trine.productKey, deviceName: device.deviceName });
    await connection.publish({ topic: topicOf(device, "user/update"), payload: "up" });
    await trine.send(device, topicOf(device, "user/get"), "down");
    const message = await connection.fetchMessage({ waitMs: 10_000 });
    expect(message?.payload.toString()).toBe("down");
    expect(await textsOf(device)).toEqual(["up"]);
    await connection.close();
  });

  it("log in with an RSA key over a suite of old firmware, saying what the vendor's C SDK says", async () => {
    const device = await trine.addDevice();
    const { certFile, keyFile } = await filesOf(await issue(device, { keyType: "rsa-2048" }), "rsa");
    const pipe = openTlsPipe([
      "openssl",
      "s_client",
      "-quiet",
      "-tls1_2",
      "-cipher",
      "AES128-SHA256",
      "-connect",
      `127.0.0.1:${trine.ports.mqtts}`,
      "-CAfile",
      trine.caFile,
      "-cert",
      certFile,
      "-key",
      keyFile,
    ]);
    const clientId = ".|timestamp=2524608000000,_v=sdk-c-3.2.0,securemode=2,signmethod=hmacsha256,lan=C,gw=0,ext=0|";
    const login = { clientId, username: "&", password: "00".repeat(32), reconnectPeriod: 0 };
    const client = new MqttClient(() => pipe.stream, login);
    const [topic, payload] = await new Promise<[string, Buffer]>((done, fail) => {
      client.once("message", (on, bytes) => done([on, bytes])).once("error", fail);
    });
    expect(topic).toBe("/ext/auth/identity/response");
    expect(JSON.parse(payload.toString())).toEqual({ productKey: trine.productKey, deviceName: device.deviceName });
    await client.endAsync();
    await pipe.ended;
  });

  it("log in with mosquitto, as the guide has it, and with curl", async () => {
    const device = await trine.addDevice();
    const { certFile, keyFile } = await filesOf(await issue(device), "guide");
    const published = await runCommand(["bash", join(ROOT, "docs/examples/mqtt-x509.sh"), "from the guide"], {
      env: {
        PRODUCT_KEY: trine.productKey,
        DEVICE_NAME: device.deviceName,
        CA_FILE: trine.caFile,
        CERT_FILE: certFile,
        KEY_FILE: keyFile,
        MQTTS_PORT: String(trine.ports.mqtts),
      },
    });
    expect(published).toMatchObject({ code: 0, stderr: "" });
    expect(await textsOf(device)).toEqual(["from the guide"]);
    const url = `https://127.0.0.1:${trine.ports.https}/auth`;
    const secured = ["--cacert", trine.caFile, "--cert", certFile, "--key", keyFile];
    const login = await runCommand([
      "curl",
      "-sS",
      url,
      ...secured,
      "-H",
      "Content-Type: application/json",
      "-d",
      "{}",
    ]);
    expect(JSON.parse(login.stdout)).toMatchObject({
      code: 0,
      info: { productKey: trine.productKey, deviceName: device.deviceName },
    });
  });

  it("are out, and stay out, once their certificate is revoked", async () => {
    const device = await trine.addDevice();
    const { certificate, privateKey, fingerprint } = await issue(device);
    const connection = await mqttWith(certificate, privateKey);
    await trine.api.call("POST", `${pathOf(device)}/x509/${fingerprint}/revoke`, { why: "stolen" });
    await connection.closed;
    await expect(mqttWith(certificate, privateKey)).rejects.toMatchObject({ code: "4" });
    await expect(httpWith(certificate, privateKey)).rejects.toMatchObject({ code: "20000" });
  });

  it("are refused with a certificate that is over, and with one that nobody vouches for", async () => {
    const device = await trine.addDevice();
    const ca = await createTestCa();
    const over = await ca.issue({ commonName: "lamp", notAfter: new Date("2021-01-01") });
    await trine.api.call("POST", `${pathOf(device)}/x509`, { fingerprint: over.fingerprint });
    const foreign = await ca.issue({ commonName: device.deviceName, units: [trine.productKey] });
    for (const { pem, keyPem } of [over, foreign]) {
      await expect(mqttWith(pem, keyPem)).rejects.toMatchObject({ code: "4" });
      await expect(httpWith(pem, keyPem)).rejects.toMatchObject({ code: "20000" });
    }
  });

  it("that have a secret as well log in with that over the same connection", async () => {
    const device = await trine.addDevice();
    const { certificate, privateKey } = await issue(device);
    const tls = { ca: trine.ca, x509: { certificate, key: privateKey } };
    const connection = await connectMqtt({ host: "127.0.0.1", port: trine.ports.mqtts, certificate: device, tls });
    await connection.publish({ topic: topicOf(device, "user/update"), payload: "signed" });
    expect(await textsOf(device)).toEqual(["signed"]);
    await connection.close();
  });
});
