import { z } from "zod";
import { intSetting, optionalSecretSetting, optionalTextSetting, portSetting, textSetting } from "./fields.ts";
import { limitSettings } from "./limit-settings.ts";

/** Settings of every process, whatever it serves. */
export const runtimeSettings = z.object({
  TRINE_DATA_DIR: textSetting("./data", "Folder of the embedded default: database, keys, snapshots."),
  TRINE_SERVICES_DIR: optionalTextSetting(
    "A folder with further device services, each in a folder of its own whose file `service.js` exports `service`. See [Services of your own](services.md#services-of-your-own).",
  ),
  TRINE_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .default("http://localhost:8080")
    .transform((url) => url.replace(/\/$/, ""))
    .describe(
      "Where devices reach the HTTP adapter, for links that they are given to fetch files: remote configuration, firmware. With `https` they fetch over TLS.",
    ),
  DATABASE_URL: optionalTextSetting("`postgres://...`. Unset: PGlite in the data folder, for the single process only."),
  REDIS_URL: optionalTextSetting(
    "`redis://`, `rediss://`, `redis[s]+cluster://user:pass@h:p,h:p` or `redis[s]+sentinel://user:pass@h:p,h:p/name`. Unset: kept in the SQL store, for the single process only.",
  ),
  TRINE_REDIS_REPLICAS: intSetting(
    { fallback: 0, min: 0, max: 10 },
    "How many replicas must have a write to Redis before it is acknowledged to a device or an application; a primary with fewer acknowledges nothing. 0: none, and the failover of a primary that died loses what its replica did not have yet. What may be lost with 1 and more: [decision 9](decisions/0009-wait-for-replicas.md).",
  ),
  TRINE_REDIS_CA_FILE: optionalTextSetting(
    "File with the certificates (PEM) that sign those of Redis, for `rediss`. Unset: the well-known ones.",
  ),
  UPLINK_URL: optionalTextSetting(
    "`nats://user:pass@h:p,h:p` or `tls://...`: what devices send is kept in NATS JetStream. Unset: in Redis, or in the SQL store without it.",
  ),
  UPLINK_CREDENTIALS_FILE: optionalTextSetting(
    "A `.creds` file for `UPLINK_URL`, instead of a name and a password in it.",
  ),
  TRINE_UPLINK_REPLICAS: intSetting(
    { fallback: 1, min: 1, max: 5 },
    "Servers of the NATS cluster that keep the uplink log, when its stream is made.",
  ),
  TRINE_MASTER_KEY_FILE: optionalTextSetting(
    "File with the master keys, which encrypt the keys that encrypt secrets at rest: 32 random bytes in base64, one line a key, newest first. Unset: made in the data folder (embedded default); required with `DATABASE_URL`, unless one of the next two is set. See [Keys](operations.md#keys).",
  ),
  TRINE_MASTER_KEY: optionalSecretSetting(
    "The master keys themselves, as the file has them, instead of it. It is taken out of the environment that the process shows to others; a file is better.",
  ),
  TRINE_KEY_SERVICE_URL: optionalTextSetting(
    "`https://...` of a key service with the Transit API of HashiCorp Vault or OpenBao, whose key is the master key then. Asked when a process starts and when keys change.",
  ),
  TRINE_KEY_SERVICE_KEY: textSetting("trine", "Name of the Transit key (aes256-gcm96)."),
  TRINE_KEY_SERVICE_TOKEN_FILE: optionalTextSetting(
    "File with the token for `TRINE_KEY_SERVICE_URL`, read again at each request. It may encrypt and decrypt with that key, and no more.",
  ),
  TRINE_KEY_SERVICE_CA_FILE: optionalTextSetting(
    "File with the certificates (PEM) that sign the key service's. Unset: the well-known ones.",
  ),
  TRINE_KEY_SERVICE_NAMESPACE: optionalTextSetting("Namespace of the key service, if it has any."),
  TRINE_ADMIN_HOST: textSetting("127.0.0.1", "Address of the admin and metrics listeners."),
  TRINE_METRICS_PORT: portSetting(9464, "`/metrics`, `/healthz`, `/readyz`."),
  TRINE_LOG_LEVEL: z
    .enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"])
    .default("info")
    .describe("Least severity that is logged. One line of JSON an event, on standard output."),
  TRINE_DRAIN_SECONDS: intSetting(
    { fallback: 5, min: 0, max: 3_600 },
    "Seconds over which a process that got SIGTERM closes its devices' connections, so that they do not all come to the others at once. Only with `REDIS_URL`: without it there are no others.",
  ),
  TRINE_TOKEN_TTL_SECONDS: intSetting(
    { fallback: 7 * 86_400, min: 60 },
    "Life of a session token (wire-format 4.3, 5.9).",
  ),
  ...limitSettings,
  TRINE_MAILBOX_MAX_MESSAGES: intSetting({ fallback: 1_000, min: 1 }, "Messages that may wait for one device."),
  TRINE_MAILBOX_MAX_BYTES: intSetting(
    { fallback: 4_194_304, min: 1_024 },
    "Payload bytes that may wait for one device.",
  ),
  TRINE_TIMELINE_EVENTS: intSetting(
    { fallback: 200, min: 1 },
    "Events that the timeline of a device keeps; the oldest go first.",
  ),
  TRINE_UPLINK_MAX_AGE_HOURS: intSetting(
    { fallback: 7 * 24, min: 1 },
    "Age at which messages leave the uplink log, read or not.",
  ),
  TRINE_UPLINK_MAX_BYTES: intSetting(
    { fallback: 2_147_483_648, min: 1_048_576 },
    "Size of the uplink log at which its oldest messages leave it.",
  ),
  TRINE_CACHE_DEVICES: intSetting({ fallback: 50_000, min: 100 }, "Devices whose record a process keeps at hand."),
  TRINE_CACHE_SECONDS: intSetting(
    { fallback: 60, min: 1 },
    "How long a record is kept at hand. Revocation does not wait for it; a process that is cut off from the others keeps none.",
  ),
  TRINE_NODE_LEASE_SECONDS: intSetting(
    { fallback: 4, min: 2, max: 60 },
    "With `REDIS_URL`: time after which a process that does not report to Redis is taken for dead. Its devices become offline then, and it closes its own connections no later.",
  ),
  TRINE_IDENTITY_LEASE_SECONDS: intSetting(
    { fallback: 10, min: 3, max: 3_600 },
    "How long connections live on while revocations cannot reach the process. What it remembers of devices is not used meanwhile.",
  ),
  TRINE_SNAPSHOT_MINUTES: intSetting(
    { fallback: 60, min: 0 },
    "Minutes between two snapshots of the embedded database. 0: only when the process stops.",
  ),
});

export type RuntimeSettings = z.output<typeof runtimeSettings>;
