import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import type { AccessKeyHolder, Grant } from "@trine/core/access";
import { Secret } from "@trine/core/certificate";
import type { UplinkLog } from "@trine/core/ports";
import type { Ingress } from "@trine/ingress";
import { createMemoryAuditLog, createMemoryUplinkLog } from "@trine/memory";
import { createMetrics, listenOn, type Metrics } from "@trine/runtime";
import { createRecordingRecorder, type RecordingRecorder } from "@trine/testkit/conformance";
import { randomName } from "@trine/testkit/ports";
import { amqpSettings, startAmqp } from "../src/index.ts";

/** An adapter on a port of its own, with its stores in memory, and access keys that the test makes. */
export interface TestAdapter {
  readonly port: number;
  readonly log: UplinkLog;
  readonly audit: ReturnType<typeof createMemoryAuditLog>;
  readonly recorder: RecordingRecorder;
  /** By accessKeyId; a test may change it. */
  readonly keys: Map<string, AccessKeyHolder>;
  addKey(grant?: Grant): AccessKeyHolder;
  /** What `find` of access keys does before it answers. */
  beforeFind: () => Promise<void>;
  /** Messages by what became of them. */
  outcomes(): Promise<Readonly<Record<string, number>>>;
  stop(): Promise<void>;
}

/** Starts an adapter. @param over what stands before the log in memory. */
export async function anAdapter(
  settings: Readonly<Record<string, string>> = {},
  over: (log: UplinkLog) => Partial<UplinkLog> = () => ({}),
): Promise<TestAdapter> {
  const memory = createMemoryUplinkLog();
  const log = { ...memory, ...over(memory) };
  const audit = createMemoryAuditLog();
  const recorder = createRecordingRecorder();
  const metrics = createMetrics("test");
  const keys = new Map<string, AccessKeyHolder>();
  const clock = { nowMs: () => Date.now(), monotonicMs: () => performance.now() };
  const adapter = {
    log,
    audit,
    recorder,
    keys,
    beforeFind: async () => {},
    addKey(grant: Grant = { role: "operator" }) {
      const accessKeyId = randomName(20);
      const secret = new Secret(randomName(30), "AccessKeySecret");
      const key = {
        accessKeyId,
        name: "test",
        secret,
        noteUse: () => undefined,
        takeNonce: async () => true,
        ...grant,
      };
      keys.set(accessKeyId, key);
      return key;
    },
    outcomes: () => outcomesOf(metrics),
  };
  const accessKeys = {
    async find(accessKeyId: string) {
      await adapter.beforeFind();
      return keys.get(accessKeyId);
    },
  } as never;
  const running = await startAmqp(
    {
      platform: { recorder, clock, random: { bytes: randomBytes } },
      operators: { uplinkLog: log, audit, accessKeys },
      metrics,
    },
    amqpSettings.parse({ TRINE_AMQP_PORT: 0, ...settings }),
    PLAIN_INGRESS,
  );
  return Object.assign(adapter, { port: running.ports.TRINE_AMQP_PORT ?? 0, stop: () => running.stop() });
}

/** Hands every connection on as it comes. */
const PLAIN_INGRESS: Ingress = {
  hasTls: false,
  isTrustedProxy: () => false,
  async listen({ port, setting, receivers }) {
    const server = createServer({ noDelay: true }, (stream) => {
      receivers.any?.({ stream, peer: stream.remoteAddress ?? "", security: "none" });
    });
    const taken = await listenOn(server, { host: "127.0.0.1", port, setting, backlog: 16 });
    return { port: taken, stop: async () => void server.close() };
  },
  close: async () => undefined,
};

async function outcomesOf({ subscriptionMessages }: Metrics): Promise<Readonly<Record<string, number>>> {
  const { values } = await subscriptionMessages.get();
  return Object.fromEntries(values.map(({ labels, value }) => [String(labels.outcome), value]));
}
