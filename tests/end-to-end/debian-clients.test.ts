import { type DeviceCertificate, signCoapLogin, signHttpLogin, signMqttLogin } from "@trine/device";
import { describe, expect, it } from "vitest";
import { topicOf } from "../src/fleet.ts";
import { greetingLines } from "../src/greeting-lines.ts";
import { type CommandResult, runCommand } from "../src/run-command.ts";
import { shareInstallation } from "../src/shared-installation.ts";
import { readUntil } from "../src/uplink-reader.ts";

describe("the clients that Debian packages", () => {
  const trine = shareInstallation("embedded");

  /** Options of both mosquitto clients that log a device in. */
  const mosquittoLogin = (certificate: DeviceCertificate) => {
    const { clientId, username, password } = signMqttLogin(certificate);
    return ["-h", "127.0.0.1", "-p", String(trine.ports.mqtt), "-i", clientId, "-u", username, "-P", password];
  };

  it("mosquitto_pub publishes with QoS 0 and 1, and is refused with a wrong secret", async () => {
    for (const qos of ["0", "1"]) {
      const certificate = await trine.addDevice();
      const publish = ["-q", qos, "-t", topicOf(certificate, "user/update"), "-m", `qos ${qos}`];
      expect(await runCommand(["mosquitto_pub", ...mosquittoLogin(certificate), ...publish])).toMatchObject(CLEAN);
      expect(await trine.readFrom(certificate)).toMatchObject([{ text: `qos ${qos}`, transport: "mqtt" }]);
      const wrong = { ...certificate, deviceSecret: "0".repeat(32) };
      const refused = await runCommand(["mosquitto_pub", ...mosquittoLogin(wrong), ...publish]);
      expect(refused.code).toBe(4);
      expect(refused.stderr).toMatch(/bad user name or password/);
    }
  });

  it("mosquitto_sub receives what was sent through the REST API", async () => {
    const certificate = await trine.addDevice();
    const topic = topicOf(certificate, "user/get");
    await trine.send(certificate, topic, "for mosquitto");
    const subscribe = ["-q", "1", "-t", topic, "-C", "1", "-W", "15", "-v"];
    const received = await runCommand(["mosquitto_sub", ...mosquittoLogin(certificate), ...subscribe]);
    expect(received).toEqual({ ...CLEAN, stdout: `${topic} for mosquitto\n` });
  });

  it("curl logs in and publishes", async () => {
    const certificate = await trine.addDevice();
    const origin = `http://127.0.0.1:${trine.ports.http}`;
    const post = (path: string, body: string, ...headers: readonly string[]) =>
      runCommand(["curl", "-sS", `${origin}${path}`, ...headers.flatMap((header) => ["-H", header]), "-d", body]);

    const login = signHttpLogin(certificate);
    const { token } = parsed<{ info: { token: string } }>(await post("/auth", login, JSON_TYPE)).info;
    const topic = `/topic${topicOf(certificate, "user/update")}`;
    const published = await post(topic, "from curl", `password:${token}`, "Content-Type: application/octet-stream");
    expect(published.stdout).toMatch(/^{"code":0,"message":"success","info":{"messageId":\d+}}$/);
    expect(await trine.readFrom(certificate)).toMatchObject([{ text: "from curl", transport: "http" }]);

    const wrong = signHttpLogin({ ...certificate, deviceSecret: "0".repeat(32) });
    expect(parsed(await post("/auth", wrong, JSON_TYPE))).toMatchObject({ code: 20000 });
  });

  it("libcoap's client logs in, and publishes with its token in option 2088", async () => {
    const certificate = await trine.addDevice();
    const origin = `coap://127.0.0.1:${trine.ports.coap}`;
    const post = (path: string, format: string, body: string, ...more: readonly string[]) =>
      runCommand([
        "coap-client-notls",
        "-m",
        "post",
        "-t",
        format,
        "-e",
        body,
        "-B",
        "10",
        ...more,
        `${origin}${path}`,
      ]);

    const { token } = parsed<{ token: string }>(await post("/auth", "50", signCoapLogin(certificate)));
    const topic = `/topic${topicOf(certificate, "user/update")}`;
    const published = await post(topic, "42", "from libcoap", "-O", `2088,${token}`);
    expect(published).toEqual({ ...CLEAN, stdout: "" });
    expect(await trine.readFrom(certificate)).toMatchObject([{ text: "from libcoap", transport: "coap" }]);
    expect((await post(topic, "42", "no", "-O", "2088,wrong")).stderr).toMatch(/^4\.01/);
  });

  it("logs in with the very lines that the gateway printed at its first start", async () => {
    const lines = greetingLines(trine.logs());
    const paste = (line: string) => runCommand(["sh", "-c", line]);
    expect(await paste(lines.mosquitto_pub)).toMatchObject(CLEAN);
    expect(parsed(await paste(lines.curl))).toMatchObject({ code: 0, info: { token: expect.any(String) } });
    expect(parsed(await paste(lines["coap-client"]))).toEqual({ token: expect.any(String) });
    const { items } = await trine.api.call<{ items: { name: string; productKey: string }[] }>("GET", "/v1/products");
    const demo = items.find(({ name }) => name === "demo")?.productKey ?? "";
    const read = await readUntil(trine.api, (messages) => messages.some(({ text }) => text === '{"hello":"trine"}'), {
      group: "first-start",
      productKey: demo,
    });
    expect(read.filter(({ topic }) => topic.endsWith("/user/update"))).toHaveLength(1);
  });
});

const CLEAN = { code: 0, stderr: "" };
const JSON_TYPE = "Content-Type: application/json";

function parsed<T = unknown>(result: CommandResult): T {
  expect(result).toMatchObject(CLEAN);
  return JSON.parse(result.stdout) as T;
}
