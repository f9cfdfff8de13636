import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { DeviceCertificate } from "@trine/device";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { addDevice, makeProduct, topicOf } from "../src/fleet.ts";
import { INSTALLATIONS, type Installation, startInstallation } from "../src/installation.ts";
import { ROOT } from "../src/repository.ts";
import { type CommandResult, runCommand } from "../src/run-command.ts";
import { readUntil } from "../src/uplink-reader.ts";

const EXAMPLES = join(ROOT, "docs/examples");

/** Examples that publish on `user/update`, with the setting of the port that they dial and the transport that the log then names. */
const PUBLISHING = [
  { file: "mqtt-publish.sh", port: "MQTT_PORT", listener: "mqtt", transport: "mqtt" },
  { file: "http.sh", port: "HTTP_PORT", listener: "http", transport: "http" },
  { file: "http_device.py", port: "HTTP_PORT", listener: "http", transport: "http" },
  { file: "coap.sh", port: "COAP_PORT", listener: "coap", transport: "coap" },
  { file: "coap-symmetric.sh", port: "COAP_PORT", listener: "symmetric", transport: "coap" },
] as const;

/** The same over TLS and WebSocket. The one with X.509 is run in x509-clients.test.ts. */
const SECURED = [
  { file: "mqtt-tls.sh", port: "MQTTS_PORT", listener: "mqtts", transport: "mqtt", trusts: true },
  { file: "mqtt-psk.sh", port: "MQTTS_PORT", listener: "mqtts", transport: "mqtt", trusts: false },
  { file: "https.sh", port: "HTTPS_PORT", listener: "https", transport: "http", trusts: true },
  { file: "mqtt_websocket.py", port: "MQTT_PORT", listener: "mqtt", transport: "mqtt", trusts: false },
  { file: "mqtt_websocket.py", port: "MQTT_PORT", listener: "mqtts", transport: "mqtt", trusts: true },
] as const;

/** Examples that wait for a message, and what they print behind it. */
const RECEIVING = [
  { file: "mqtt-subscribe.sh", port: "MQTT_PORT", listener: "mqtt", end: "\n" },
  { file: "http-mailbox.sh", port: "HTTP_PORT", listener: "http", end: "" },
  { file: "coap-mailbox.sh", port: "COAP_PORT", listener: "coap", end: "" },
] as const;

describe.each(INSTALLATIONS)("the examples for firmware authors, %s", (kind) => {
  let trine: Installation;
  let productKey: string;

  beforeAll(async () => {
    trine = await startInstallation(kind);
    productKey = await makeProduct(trine.api);
  }, 120_000);
  afterAll(() => trine?.dispose());

  it.each(PUBLISHING)("$file publishes what it is told", async ({ file, port, listener, transport }) => {
    const certificate = await addDevice(trine.api, productKey);
    const text = `from ${file}`;
    const ran = await runExample(file, certificate, { [port]: String(trine.ports[listener]) }, text);
    expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: "" });
    const read = await readUntil(trine.api, (messages) => messages.some((message) => message.text === text), {
      group: file,
    });
    expect(read.find((message) => message.text === text)).toMatchObject({
      topic: topicOf(certificate, "user/update"),
      transport,
    });
  });

  it.each(PUBLISHING)("$file fails with a wrong secret", async ({ file, port, listener }) => {
    const certificate = { ...(await addDevice(trine.api, productKey)), deviceSecret: "wrong" };
    const ran = await runExample(file, certificate, { [port]: String(trine.ports[listener]) });
    expect(ran.code).not.toBe(0);
    expect(ran.stderr).not.toBe("");
  });

  it.each(RECEIVING)("$file prints the message that waits for its device", async ({ file, port, listener, end }) => {
    const certificate = await addDevice(trine.api, productKey);
    const messages = `/v1/products/${productKey}/devices/${certificate.deviceName}/messages`;
    const sent = await trine.api.call<{ messageId: string }>("POST", messages, {
      topic: topicOf(certificate, "user/get"),
      payload: '{"set":21}',
    });
    const ran = await runExample(file, certificate, { [port]: String(trine.ports[listener]) });
    expect(ran).toEqual({ code: 0, stdout: `{"set":21}${end}`, stderr: "" });
    await expect
      .poll(() => trine.api.call("GET", `${messages}/${sent.messageId}`))
      .toMatchObject({ state: "delivered" });
  });

  it("mqtt-property-post.sh prints the answers to its property and to its question for the time", async () => {
    const certificate = await addDevice(trine.api, productKey);
    const ran = await runExample("mqtt-property-post.sh", certificate, { MQTT_PORT: String(trine.ports.mqtt) });
    expect(ran, ran.stderr).toMatchObject({ code: 0 });
    const [posted, time] = ran.stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, string>);
    expect(posted).toMatchObject({ code: 200, id: "1", method: "thing.event.property.post" });
    expect(Number(time?.serverSendTime)).toBeGreaterThanOrEqual(Number(time?.serverRecvTime));
  });

  // Separate processes share no folder in which one of them could make a certificate.
  if (kind === "embedded")
    describe("over secured channels", () => {
      const environmentOf = ({ port, listener, trusts }: (typeof SECURED)[number]) => ({
        [port]: String(trine.ports[listener]),
        ...(trusts && { CA_FILE: trine.caFile }),
      });

      it.each(SECURED)("$file publishes what it is told on the port of $listener", async (example) => {
        const certificate = await addDevice(trine.api, productKey);
        const text = `from ${example.file} to ${example.listener}`;
        const ran = await runExample(example.file, certificate, environmentOf(example), text);
        expect(ran, ran.stderr).toMatchObject({ code: 0, stderr: "" });
        const read = await readUntil(trine.api, (messages) => messages.some((message) => message.text === text), {
          group: certificate.deviceName,
        });
        expect(read.find((message) => message.text === text)).toMatchObject({ transport: example.transport });
      });

      it.each(SECURED)("$file fails with a wrong secret on the port of $listener", async (example) => {
        const certificate = { ...(await addDevice(trine.api, productKey)), deviceSecret: "wrong" };
        const ran = await runExample(example.file, certificate, environmentOf(example));
        expect(ran.code).not.toBe(0);
        expect(ran.stderr).not.toBe("");
      });
    });
});

describe("docs/examples", () => {
  // Each of those that are added here is run by the test of its own subject.
  it("holds no example that is not run", () => {
    const run = [...PUBLISHING, ...SECURED, ...RECEIVING]
      .map(({ file }) => file as string)
      .concat("https-register.sh", "mqtt-property-post.sh", "mqtt-x509.sh", "nats_consumer.py")
      .concat("amqp-subscriber.cjs", "amqp_subscriber.py");
    expect(readdirSync(EXAMPLES).sort()).toEqual([...new Set(run)].sort());
  });
});

async function runExample(
  file: string,
  { productKey, deviceName, deviceSecret }: DeviceCertificate,
  ports: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<CommandResult> {
  const program = file.endsWith(".py") ? "python3" : "bash";
  return runCommand([program, join(EXAMPLES, file), ...args], {
    env: {
      PRODUCT_KEY: productKey,
      DEVICE_NAME: deviceName,
      DEVICE_SECRET: deviceSecret,
      COAP_CLIENT: await coapClient(),
      ...ports,
    },
  });
}

/** Debian names libcoap's client by its TLS library, others do not. */
async function coapClient(): Promise<string> {
  for (const name of ["coap-client", "coap-client-notls", "coap-client-openssl", "coap-client-gnutls"]) {
    const { code } = await runCommand(["sh", "-c", `command -v ${name}`]);
    if (code === 0) return name;
  }
  throw new Error("libcoap's coap-client is not installed");
}
