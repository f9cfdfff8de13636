import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Session } from "@trine/core/auth";
import { afterAll } from "vitest";
import { describeService, type ServiceFleet, type ServiceNode } from "./a-fleet.ts";

/** What every product here has as a firmware. */
export const FILE = randomBytes(100_000);

/** A job as the API shows it. */
export interface ShownJob {
  readonly jobId: string;
  readonly state: string;
  readonly devices: Readonly<Record<string, number>>;
}

/** A fleet whose clock stands unless it is moved, and what is needed to update its devices. */
export type OtaFleet = ReturnType<typeof createOtaFleet>;

/** Runs `tests` on fleets that have a folder for firmware. */
export function describeOta(name: string, tests: (ota: OtaFleet) => void): void {
  const folder = mkdtempSync(join(tmpdir(), "firmware-"));
  const time = { nowMs: 1_800_000_000_000 };
  const clock = { nowMs: () => time.nowMs, monotonicMs: () => time.nowMs };
  afterAll(() => rmSync(folder, { recursive: true }));
  describeService(name, (open) => tests(createOtaFleet(open, time)), {
    environment: { TRINE_FIRMWARE_DIR: folder },
    clock,
  });
}

/** A file as it comes in. */
export async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += 16_384) yield bytes.subarray(at, at + 16_384);
}

function createOtaFleet(open: () => ServiceFleet, time: { nowMs: number }) {
  /** Runs the work of a node until nothing is due. */
  async function carryOn(node: ServiceNode = open().node): Promise<void> {
    const work = node.services.works.find(({ name }) => name === "ota_jobs");
    while (await work?.run(new AbortController().signal));
  }
  return {
    time,
    carryOn,
    async pass(ms: number, node?: ServiceNode) {
      time.nowMs += ms;
      await carryOn(node);
    },
    /** A product with a firmware, and so many devices. */
    async aProduct(count: number) {
      const fleet = open();
      const first = await fleet.addDevice();
      const { productKey } = first.device;
      const sessions = [first];
      for (let at = 1; at < count; at += 1) sessions.push(await fleet.addDevice({ productKey }));
      const ask = (route: string, request: object = {}) => fleet.node.ask(route, { device: first.device, ...request });
      const version = "2.0";
      const upload = await ask("POST /v1/products/:productKey/firmware", { query: { version }, bytes: pieces(FILE) });
      return {
        ...{ fleet, sessions, first, upload, ask },
        start: async (rules: object = {}) =>
          (await ask("POST /v1/ota-jobs", { body: { productKey, version, ...rules } })) as ShownJob,
        job: async ({ jobId }: ShownJob) => (await ask("GET /v1/ota-jobs/:jobId", { params: { jobId } })) as ShownJob,
        order: ({ jobId }: ShownJob, name: string) => ask(`POST /v1/ota-jobs/:jobId/${name}`, { params: { jobId } }),
        /** The devices of a job. */
        devices: async ({ jobId }: ShownJob, query: object = { limit: 1_000 }) =>
          (
            (await ask("GET /v1/ota-jobs/:jobId/devices", { params: { jobId }, query })) as {
              items: { deviceName: string }[];
            }
          ).items,
      };
    },
    says(session: Session, what: string, params: unknown, node: ServiceNode = open().node) {
      const { device } = session;
      return node.send(session, `/ota/device/${what}/${device.productKey}/${device.deviceName}`, {
        id: "5",
        params,
      });
    },
    /** What waits for a device. */
    async told({ device }: Session) {
      const { mailbox } = open().node.gateway.platform;
      const pending = await mailbox.pending(device, { limit: 10, nowMs: time.nowMs });
      return pending.map(({ topic, payload }) => ({ topic, ...JSON.parse(payload.toString()) }));
    },
  };
}
