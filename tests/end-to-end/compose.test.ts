import { connectCoap, connectHttp, connectMqtt } from "@trine/device";
import { loadSettings, runtimeSettings } from "@trine/runtime";
import { startRedis } from "@trine/testkit/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ComposeApp, readComposeFile, readKeyServiceFile } from "../src/compose-file.ts";
import { addDevice, eventually, makeProduct, topicOf } from "../src/fleet.ts";
import { type Installation, startInstallation } from "../src/installation.ts";
import { readMetrics } from "../src/metrics-page.ts";
import { runCommand } from "../src/run-command.ts";

const APPS: readonly ComposeApp[] = ["mqtt", "coap", "http", "amqp", "admin"];
const { services, secrets } = readComposeFile();
const STATED = [...APPS, "front"] as const;

describe("what the compose file states", () => {
  it.each(STATED)("%s runs as a user without rights, on a file system that it cannot write, and comes back", (app) => {
    expect(services[app]).toMatchObject({ user: "node", read_only: true, restart: "unless-stopped" });
    // Longer than a process takes to stop: TRINE_DRAIN_SECONDS, and STOP_WITHIN_MS of run-service.ts.
    expect(Number.parseInt(services[app].stop_grace_period, 10)).toBeGreaterThan(5 + 6.5);
  });

  it.each(STATED)("%s gets its secrets as files, each of them mounted, and none in its environment", (app) => {
    const files = Object.entries(services[app].environment).filter(([name]) => name.endsWith("_FILE"));
    expect(files.map(([, path]) => path.replace("/run/secrets/", "")).sort()).toEqual(
      [...services[app].secrets].sort(),
    );
    for (const name of ["DATABASE_URL", "REDIS_URL", "TRINE_ADMIN_KEY"])
      expect(services[app].environment).not.toHaveProperty(name);
    for (const name of services[app].secrets) expect(secrets[name]?.file).toBe(`./secrets/${name}`);
  });

  it("the front is believed by those whom it hands connections to, at its own address, by a key that they share, and by nobody else", () => {
    const { front, mqtt, http, coap, admin } = services;
    const { TRINE_FRONT_MQTT, TRINE_FRONT_HTTP, TRINE_PROXY_KEY_FILE } = front.environment;
    expect(TRINE_FRONT_MQTT).toBe(`mqtt:${mqtt.environment["TRINE_MQTT_PORT"]}`);
    expect(TRINE_FRONT_HTTP).toBe(`http:${http.environment["TRINE_HTTP_PORT"]}`);
    for (const { environment } of [mqtt, http]) {
      expect(environment["TRINE_TRUSTED_PROXIES"]).toBe(front.networks["trine"]?.ipv4_address);
      expect(environment["TRINE_PROXY_KEY_FILE"]).toBe(TRINE_PROXY_KEY_FILE);
    }
    for (const { environment } of [coap, admin]) expect(environment).not.toHaveProperty("TRINE_TRUSTED_PROXIES");
  });

  it("with a key service every process asks that, by a token in a file, and has no master key", () => {
    const override = readKeyServiceFile();
    for (const app of STATED) {
      const environment = { ...services[app].environment, ...override.services[app].environment };
      const { TRINE_KEY_SERVICE_TOKEN_FILE: token, ...others } = environment;
      expect(token).toBe("/run/secrets/key_service_token");
      expect(override.services[app].secrets).toEqual(["key_service_token"]);
      const plain = Object.entries(others).filter(([name]) => !name.endsWith("_FILE"));
      expect(loadSettings(runtimeSettings, Object.fromEntries(plain))).toMatchObject({
        TRINE_KEY_SERVICE_URL: expect.stringMatching(/^https:/),
        TRINE_KEY_SERVICE_KEY: "trine",
      });
      expect(others["TRINE_MASTER_KEY_FILE"]).toBe("");
    }
  });

  it("Redis loses nothing that was acknowledged and forgets nothing, and the stores come back", () => {
    const command = services.redis.command.join(" ");
    for (const option of ["--appendonly yes", "--appendfsync always", "--maxmemory-policy noeviction"])
      expect(command).toContain(option);
    // Its password is read from the mounted file, by the shell in the container.
    expect(command).toContain('--requirepass "$$(cat /run/secrets/redis_password)"');
    for (const store of ["postgres", "redis"] as const) expect(services[store].restart).toBe("unless-stopped");
  });
});

describe("the processes that the compose file starts", () => {
  let trine: Installation;

  beforeAll(async () => {
    trine = await startInstallation("separate");
  }, 120_000);
  afterAll(() => trine?.dispose());

  it.each(APPS)("the health check of %s succeeds while it runs and fails once it stopped", async (part) => {
    const app = trine.app(part);
    const port = app.ports["TRINE_METRICS_PORT"];
    const check = services[part].healthcheck.test
      .slice(1)
      .map((word) => word.replace("127.0.0.1:9464", `127.0.0.1:${port}`)) as [string, ...string[]];
    expect(await runCommand(check)).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(await app.stop()).toBe(0);
    expect(await runCommand(check)).toMatchObject({ code: 1 });
    await app.start();
  });

  it("are ready without a complaint on stores that are set up as the file does", async () => {
    for (const app of trine.apps) {
      const response = await fetch(`http://127.0.0.1:${app.ports["TRINE_METRICS_PORT"]}/readyz`);
      expect(await response.json()).toEqual({ status: "ready", complaints: [] });
      expect(app.lines().filter((line) => line.includes('"event":"complaint"'))).toEqual([]);
    }
  });
});

describe("what operators see", () => {
  it("the metrics page holds the promised series after traffic, and no secret", async () => {
    const trine = await startInstallation("embedded");
    try {
      const host = "127.0.0.1";
      const productKey = await makeProduct(trine.api);
      const certificate = await addDevice(trine.api, productKey);
      const wrong = { ...certificate, deviceSecret: "0".repeat(32) };
      const mqtt = await connectMqtt({ host, port: trine.ports.mqtt, certificate });
      const http = await connectHttp({ host, port: trine.ports.http, certificate });
      const coap = await connectCoap({ host, port: trine.ports.coap, certificate, mode: "plain" });
      for (const device of [mqtt, http, coap])
        await device.publish({ topic: topicOf(certificate, "user/update"), payload: "x" });
      await expect(connectMqtt({ host, port: trine.ports.mqtt, certificate: wrong })).rejects.toThrow();
      await expect(connectHttp({ host, port: trine.ports.http, certificate: wrong })).rejects.toThrow();
      await expect(connectCoap({ host, port: trine.ports.coap, certificate: wrong, mode: "plain" })).rejects.toThrow();
      await mqtt.subscribe([topicOf(certificate, "user/get")], 1);
      await trine.api.call("POST", `/v1/products/${productKey}/devices/${certificate.deviceName}/messages`, {
        topic: topicOf(certificate, "user/get"),
        payload: "y",
      });

      const metricsPort = trine.apps[0]?.ports["TRINE_METRICS_PORT"] ?? 0;
      const page = await eventually(
        () => readMetrics(metricsPort),
        ({ value }) => value("trine_downlink_messages_total", { state: "delivered" }) === 1,
      );
      for (const transport of ["mqtt", "http", "coap"]) {
        expect(page.value("trine_logins_total", { transport, code: "ok" }), transport).toBe(1);
        expect(page.value("trine_logins_total", { transport, code: "bad_credentials" }), transport).toBe(1);
        expect(page.value("trine_login_seconds_count", { transport }), transport).toBe(2);
        expect(page.value("trine_login_seconds_bucket", { transport, le: "+Inf" }), transport).toBe(2);
        expect(page.value("trine_uplink_messages_total", { transport, code: "ok" }), transport).toBe(1);
        expect(page.value("trine_uplink_seconds_count", { transport }), transport).toBe(1);
        expect(page.value("trine_uplink_bytes_total", { transport }), transport).toBe(1);
      }
      expect(page.value("trine_connections", { transport: "mqtt" })).toBe(1);
      expect(page.value("trine_activations_total")).toBe(1);
      expect(page.value("trine_downlink_messages_total", { state: "queued" })).toBe(1);
      expect(page.value("trine_store_up", { store: "database" })).toBe(1);
      expect(page.value("nodejs_eventloop_lag_seconds")).toEqual(expect.any(Number));
      for (const secret of [certificate.deviceSecret, http.token, coap.token, trine.adminKey])
        expect(page.text).not.toContain(secret);
      // Labels are bounded: a fleet of any size makes no more series.
      expect(page.text).not.toContain(certificate.deviceName);
      await Promise.all([mqtt.close(), http.close(), coap.close()]);
    } finally {
      await trine.dispose();
    }
  }, 60_000);

  it("a Redis that may lose a second of what it acknowledged is a warning, at start in the log and at /readyz", async () => {
    const redis = await startRedis({ appendfsync: "everysec" });
    const trine = await startInstallation("embedded", { REDIS_URL: redis.url });
    try {
      const response = await fetch(`http://127.0.0.1:${trine.apps[0]?.ports["TRINE_METRICS_PORT"]}/readyz`);
      expect(response.status).toBe(200);
      const detail = expect.stringMatching(/^appendfsync is everysec, expected always/);
      expect(await response.json()).toEqual({
        status: "ready",
        complaints: [{ part: "redis", detail, severity: "warning" }],
      });
      const warned = trine.logs().filter((line) => line.includes('"event":"complaint"'));
      expect(warned.map((line) => JSON.parse(line) as object)).toMatchObject([
        { level: "warn", part: "redis", msg: detail },
      ]);
    } finally {
      await trine.dispose();
      await redis.dispose();
    }
  }, 60_000);
});
