import { randomBytes } from "node:crypto";
import { makeTempFolder, startPostgres, startRedis } from "@trine/testkit/servers";
import { type AppProcess, startApp } from "../../app-process.ts";
import { ADMIN_KEY } from "../../installation.ts";
import type { GatewayNode } from "../../many-nodes.ts";
import { openApi } from "../../operator-api.ts";
import { makeServerCertificate } from "../../server-certificate.ts";
import { TRUSTED_ATTACKER } from "./attack.ts";

/** One gateway with every port open, on real stores. */
export interface LiveGateway {
  readonly app: AppProcess;
  readonly node: GatewayNode;
  dispose(): Promise<void>;
}

/** Starts it. Wrong MACs are not limited: attackers are to get as deep as they can. */
export async function startLive(): Promise<LiveGateway> {
  const [folder, postgres, redis] = await Promise.all([makeTempFolder("live"), startPostgres(), startRedis()]);
  const { certificate, key } = await makeServerCertificate(folder.path);
  const app = await startApp("gateway", {
    // With gigabytes to spare V8 collects so rarely that memory says little.
    NODE_OPTIONS: "--max-old-space-size=512",
    TRINE_DATA_DIR: folder.path,
    DATABASE_URL: await postgres.createDatabase(),
    REDIS_URL: redis.url,
    TRINE_MASTER_KEY: randomBytes(32).toString("base64"),
    TRINE_ADMIN_KEY: ADMIN_KEY,
    TRINE_DEVICE_HOST: "127.0.0.1",
    TRINE_ADMIN_HOST: "127.0.0.1",
    TRINE_LOGIN_FAILURES_PER_MINUTE: "0",
    TRINE_TRUSTED_PROXIES: TRUSTED_ATTACKER,
    TRINE_TLS_CERT_FILE: certificate,
    TRINE_TLS_KEY_FILE: key,
    TRINE_MQTT_PORT: "0",
    TRINE_ALL_PORT: "0",
    TRINE_HTTP_PORT: "0",
    TRINE_COAP_PORT: "0",
    TRINE_COAP_SYMMETRIC_PORT: "0",
    TRINE_ADMIN_PORT: "0",
    TRINE_METRICS_PORT: "0",
  });
  const port = (setting: string) => app.ports[setting] ?? 0;
  return {
    app,
    node: {
      name: "gateway",
      app,
      ports: {
        mqtt: port("TRINE_MQTT_PORT"),
        http: port("TRINE_HTTP_PORT"),
        coap: port("TRINE_COAP_PORT"),
        symmetric: port("TRINE_COAP_SYMMETRIC_PORT"),
        admin: port("TRINE_ADMIN_PORT"),
      },
      api: openApi(port("TRINE_ADMIN_PORT"), ADMIN_KEY),
      metricsPort: port("TRINE_METRICS_PORT"),
    },
    async dispose() {
      await app.kill();
      await Promise.all([postgres.dispose(), redis.dispose()]);
      await folder.remove();
    },
  };
}
