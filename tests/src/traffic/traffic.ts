import { randomBytes } from "node:crypto";
import type { DeviceCertificate } from "@trine/device";
import { addDevice, eventually, makeProduct } from "../fleet.ts";
import type { ManyNodes } from "../many-nodes.ts";
import { callAnyNode } from "./any-node.ts";
import { startApplication } from "./application.ts";
import { type LogEntry, startConsumer } from "./consumer.ts";
import { judge, type Verdict } from "./judge.ts";
import { type Ledger, openLedger } from "./ledger.ts";
import type { Protocol } from "./line.ts";
import { overMqtt } from "./over-mqtt.ts";
import { isLastOffline, judgePresence } from "./presence.ts";
import { startRoamingDevice } from "./roaming-device.ts";

/** Devices and an application that talk both ways without end, over nodes of which any may fail. */
export interface Traffic {
  readonly ledgers: readonly Ledger[];
  /** Adds a device of the test's own. `connects`: it will have been connected, and has to be shown as gone at the end. */
  witness(options: { connects: boolean }): Promise<DeviceCertificate>;
  /** What the application has read so far. */
  readonly read: readonly LogEntry[];
  /** Resolves when every device has got something through in both directions since the call. @throws when one does not within a minute. */
  flows(): Promise<void>;
  /** Ends it in order: everything accepted is waited for, devices log off, and the books are compared. */
  finish(): Promise<Verdict>;
}

/** One device of the traffic: what it speaks, at the same time; one that speaks nothing is away. */
export interface DevicePlan {
  readonly protocols: readonly Protocol[];
  readonly movesWithinMs?: number;
}

const FLOWS = { up: 5, down: 2 };
const FLOWS_WITHIN_MS = 60_000;
const DELIVERED_WITHIN_MS = 45_000;
const READ_WITHIN_MS = 30_000;
/** The lease of a node, and what it takes to sweep up behind it and to write presence behind. */
const OFFLINE_WITHIN_MS = 10_000;
const STATES_AT_ONCE = 10;

/** Pauses between two messages of a device, and between two to it. */
export interface Pace {
  readonly upEveryMs: number;
  readonly downEveryMs: number;
}

const FAST: Pace = { upEveryMs: 10, downEveryMs: 100 };

/** Starts traffic with devices of a new product. */
export async function startTraffic(
  { nodes }: Pick<ManyNodes, "nodes">,
  plans: readonly DevicePlan[],
  { upEveryMs, downEveryMs }: Pace = FAST,
): Promise<Traffic> {
  const call = callAnyNode(nodes);
  const api = { call: callAs(call), raw: nodes[0]?.api.raw ?? never };
  const productKey = await makeProduct(api, "traffic");
  const consumer = await startConsumer(nodes, { group: `traffic-${randomBytes(4).toString("hex")}`, productKey });
  const ledgers = await Promise.all(plans.map(async () => openLedger(await addDevice(api, productKey))));
  const devices = plans.flatMap(({ protocols, movesWithinMs }, at) => {
    const ledger = ledgers[at] ?? never();
    return protocols.map((protocol) =>
      startRoamingDevice({
        nodes,
        ledger,
        protocol,
        everyMs: upEveryMs,
        ...(movesWithinMs === undefined ? {} : { movesWithinMs }),
      }),
    );
  });
  const application = startApplication(nodes, ledgers, { everyMs: downEveryMs });
  const present = ledgers.filter(({ streams }) => streams.length > 0);

  const progress = () => [
    ...devices.map(({ stream }) => stream.acknowledged.size / FLOWS.up),
    ...present.map(({ received }) => received.length / FLOWS.down),
  ];
  const connected = ledgers
    .filter(({ streams }) => streams.some(({ name }) => name === overMqtt.name))
    .map(({ certificate }) => certificate);

  return {
    ledgers,
    read: consumer.read,
    async witness({ connects }) {
      const certificate = await addDevice(api, productKey);
      if (connects) connected.push(certificate);
      return certificate;
    },
    async flows() {
      const before = progress();
      await eventually(
        async () => progress().map((now, at) => now - (before[at] ?? 0)),
        (advances) => advances.every((advance) => advance >= 1),
        FLOWS_WITHIN_MS,
      );
    },
    async finish() {
      await application.stop();
      await settle(() => present.every(isAllReceived), DELIVERED_WITHIN_MS);
      await Promise.all(devices.map((device) => device.leave()));
      const states = await readStates(call, ledgers);
      const offline = await Promise.all(connected.map((certificate) => becomesOffline(api.call, certificate)));
      await settle(() => ledgers.every((ledger) => isAllRead(ledger, consumer.read)), READ_WITHIN_MS);
      await settle(() => connected.every((certificate) => isLastOffline(certificate, consumer.read)), 2_000);
      await consumer.stop();
      const verdict = judge(ledgers, consumer.read, states);
      const presence = connected.flatMap((certificate) => judgePresence(certificate, consumer.read));
      return { ...verdict, wrong: [...verdict.wrong, ...presence, ...offline.flat()] };
    },
  };
}

type Call = ReturnType<typeof callAnyNode>;

function callAs(call: Call) {
  return <T>(method: string, path: string, body?: unknown, headers?: Readonly<Record<string, string>>) =>
    call<T>({ method, path, body, ...(headers ? { headers } : {}) });
}

/** Waits until it is so, or the time is over: what is missing then is for the verdict to say. */
async function settle(isSo: () => boolean, withinMs: number): Promise<void> {
  await eventually(async () => isSo(), Boolean, withinMs).catch(() => undefined);
}

function isAllReceived({ accepted, received }: Ledger): boolean {
  const got = new Set(received.map(({ number }) => number));
  return accepted.every(({ number }) => got.has(number));
}

function isAllRead({ certificate, streams }: Ledger, read: readonly LogEntry[]): boolean {
  return streams.every(({ name, acknowledged }) => {
    const got = new Set(
      read
        .filter(({ deviceName, transport }) => deviceName === certificate.deviceName && transport === name)
        .map(({ text }) => Number(text)),
    );
    return [...acknowledged].every((number) => got.has(number));
  });
}

/** The state of every accepted message. What was acknowledged just now may need a moment to show it. */
async function readStates(call: Call, ledgers: readonly Ledger[]): Promise<ReadonlyMap<string, string>> {
  const states = new Map<string, string>();
  const wanted = ledgers.flatMap(({ certificate: { productKey, deviceName }, accepted }) =>
    accepted.map(({ messageId }) => ({
      messageId,
      path: `/v1/products/${productKey}/devices/${deviceName}/messages/${messageId}`,
    })),
  );
  const workers = Array.from({ length: STATES_AT_ONCE }, async () => {
    for (let next = wanted.pop(); next; next = wanted.pop()) {
      const { messageId, path } = next;
      const ask = async () => (await call<{ state: string }>({ method: "GET", path })).state;
      const isEnded = (state: string) => state === "delivered" || state === "expired";
      states.set(messageId, await eventually(ask, isEnded, 2_000).catch(ask));
    }
  });
  await Promise.all(workers);
  return states;
}

async function becomesOffline(
  call: ReturnType<typeof callAs>,
  { productKey, deviceName }: { productKey: string; deviceName: string },
): Promise<readonly string[]> {
  const show = () => call<{ status: string }>("GET", `/v1/products/${productKey}/devices/${deviceName}`);
  try {
    await eventually(show, ({ status }) => status === "OFFLINE", OFFLINE_WITHIN_MS);
    return [];
  } catch {
    return [`${deviceName}: the registry shows it as ${(await show()).status} after it went`];
  }
}

function never(): never {
  throw new Error("there is no node");
}
