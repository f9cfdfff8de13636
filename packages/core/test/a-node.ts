import { createHash } from "node:crypto";
import { createMemoryPorts, type MemoryPorts } from "@trine/memory";
import { createRecordingRecorder, type RecordingRecorder } from "@trine/testkit/conformance";
import { createX509Issuer } from "@trine/x509";
import { isRefusal, type Refusal, type Session } from "../src/auth/index.ts";
import { type DeviceRef, deviceKey } from "../src/certificate/index.ts";
import { createLocalKeyService, openKeychain } from "../src/keys/index.ts";
import type { SessionHolder } from "../src/messaging/index.ts";
import { type Core, createPlatform, type PlatformPorts, type PlatformSettings } from "../src/platform/index.ts";
import type { Clock, Random, RevocationTarget, Timer, UplinkItem } from "../src/ports/index.ts";
import { type Actor, isProblem, type Problem } from "../src/registry/index.ts";

export const NOW_MS = 1_700_000_000_123;

export const OPERATOR: Actor = { name: "alice", peer: "192.0.2.7" };

/** What several nodes share: stores in memory, and a clock that only the test moves. */
export interface Fleet {
  readonly ports: MemoryPorts;
  /** `pass` lets time go by, and runs what was due meanwhile. */
  readonly clock: Clock & { pass(ms: number): void };
  readonly timer: Timer;
}

/** One node: the whole core, as the runtime puts it together. */
export interface Node extends Core {
  readonly fleet: Fleet;
  readonly recorder: RecordingRecorder;
  /** What this node was told to forget. */
  readonly evicted: RevocationTarget[];
}

/** Makes what nodes share. */
export function aFleet(): Fleet {
  let nowMs = NOW_MS;
  const due = new Set<{ atMs: number; work: () => void }>();
  const clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    pass(ms: number) {
      nowMs += ms;
      for (const each of [...due].filter(({ atMs }) => atMs <= nowMs)) {
        due.delete(each);
        each.work();
      }
    },
  };
  const timer: Timer = {
    after(ms, work) {
      const each = { atMs: nowMs + ms, work };
      due.add(each);
      return () => due.delete(each);
    },
  };
  return { ports: createMemoryPorts({ clock }), clock, timer };
}

/** Makes a node that receives commands and whose lease lives. `given` puts ports in the place of those in memory. */
export async function aNode(
  options: {
    nodeId?: string;
    fleet?: Fleet;
    given?: Partial<PlatformPorts>;
    settings?: Partial<PlatformSettings>;
  } = {},
): Promise<Node> {
  const { nodeId = "node-1", fleet = aFleet(), given = {}, settings = {} } = options;
  const recorder = createRecordingRecorder();
  const evicted: RevocationTarget[] = [];
  const random = countingRandom(nodeId);
  const { ports, clock, timer } = fleet;
  const masterKey = Buffer.alloc(32, 7);
  const services = [createLocalKeyService(masterKey, random)] as const;
  const keychain =
    given.keychain ?? (await openKeychain({ ...ports, clock, random, services, masterKeys: [masterKey] }));
  const core = createPlatform(
    {
      ...ports,
      lookup: ports.registry,
      x509Lookup: ports.x509,
      x509Issuer: createX509Issuer(),
      clock,
      timer,
      mayServe: () => true,
      random,
      recorder,
      vault: keychain,
      keychain,
      caches: [{ evict: (target) => void evicted.push(target) }],
      ...given,
    },
    { nodeId, settings },
  );
  await ports.bus.listen(nodeId, core.handleCommand);
  await ports.directory.renewNode(nodeId, Number.MAX_SAFE_INTEGER);
  return { ...core, fleet, recorder, evicted };
}

/** Adds a device to a product of its own. @returns a session of it, as a login would. */
export async function aSession({ operators, fleet }: Node, deviceName = "device_01"): Promise<Session> {
  const { product } = must(await operators.products.create(OPERATOR, { name: "lamp" }));
  const { device } = must(await operators.devices.add(OPERATOR, product.productKey, { deviceName }));
  const credentials = await fleet.ports.registry.findCredentials(device.device);
  if (!credentials) throw new Error("the device was added");
  return {
    sessionId: "session-1",
    device: device.device,
    iotId: device.iotId,
    secretVersion: credentials.secretVersion,
    transport: "radio",
    peer: "192.0.2.1",
    product: credentials.product,
    activatedNow: false,
  };
}

/** What must have been taken. */
export function accepted<T>(outcome: T | Refusal): T {
  if (isRefusal(outcome)) throw new Error(`${outcome.code}: ${outcome.why}`);
  return outcome;
}

/** A holder that notes what it is asked. It answers that it holds one connection of everything. */
export function aHolder(): SessionHolder & { readonly asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    async close(target, { minSecretVersion } = {}) {
      asked.push({ close: target, ...(minSecretVersion === undefined ? {} : { minSecretVersion }) });
      return 1;
    },
    closeAll(why) {
      asked.push({ closeAll: why });
      return 1;
    },
    held: () => [],
    async closeOlder(device, epoch) {
      asked.push({ closeOlder: deviceKey(device), epoch });
      return 1;
    },
    wake: (device) => void asked.push({ wake: deviceKey(device) }),
    wakeAll: () => void asked.push("wakeAll"),
    deliver(device, { topic, payload }) {
      asked.push({ deliver: deviceKey(device), topic, payload: payload.toString() });
      return true;
    },
  };
}

/** What is in the uplink log of a device, oldest first. */
export async function uplinkOf({ fleet }: Node, { productKey, deviceName }: DeviceRef): Promise<readonly UplinkItem[]> {
  const { uplinkLog } = fleet.ports;
  const items = await uplinkLog.read("look", { consumer: "look", count: 10_000, productKey, nowMs: NOW_MS });
  await uplinkLog.deleteGroup("look");
  if (items === "filter_differs") throw new Error("a new group is bound to nothing");
  return items.filter((item) => item.deviceName === deviceName);
}

/** Bodies of the gateway's own announcements about a device. */
export async function announced(node: Node, device: DeviceRef): Promise<readonly Record<string, unknown>[]> {
  const items = await uplinkOf(node, device);
  return items.filter(({ transport }) => transport === "gateway").map(({ payload }) => JSON.parse(payload.toString()));
}

/** Lets time go by, in steps of `ms`, until the promise is settled. */
export async function passUntil<T>({ clock }: Fleet, ms: number, promise: Promise<T>): Promise<T> {
  let isOver = false;
  const over = () => {
    isOver = true;
  };
  promise.then(over, over);
  while (!isOver) {
    clock.pass(ms);
    await new Promise((done) => setTimeout(done, 1));
  }
  return promise;
}

/** The outcome of what must not be refused. */
export function must<T>(outcome: T | Problem): T {
  if (isProblem(outcome)) throw new Error(`${outcome.code}: ${outcome.detail}`);
  return outcome;
}

/** The same draws in every run, no two alike, and others on another node. */
function countingRandom(seed: string): Random {
  let draws = 0;
  return {
    bytes(count) {
      draws += 1;
      const blocks = Array.from({ length: Math.ceil(count / 32) }, (_, block) =>
        createHash("sha256").update(`${seed}/${draws}/${block}`).digest(),
      );
      return Buffer.concat(blocks).subarray(0, count);
    },
  };
}
