import { connectCoap, connectHttp, connectMqtt, type DeviceCertificate, type DeviceConnection } from "@trine/device";
import type { AppProcess } from "../app-process.ts";
import { addDevice, makeProduct, topicOf } from "../fleet.ts";
import type { Installation } from "../installation.ts";
import { NOTHING, type Verdict } from "../traffic/judge.ts";
import { type ReadMessage, readUntil } from "../uplink-reader.ts";

/** How many messages are acknowledged before the kill: late enough to be in the middle, early enough to be quick. */
const BEFORE_KILL = 60;
const AFTER_START = 5;
const RECONNECT_MS = 50;

type Connect = (certificate: DeviceCertificate) => Promise<DeviceConnection>;

/**
 * Has three devices, one a protocol, publish numbered messages at QoS 1 without a pause, kills `victim` in the middle, starts it again,
 * and compares what was acknowledged with what a consumer group reads.
 */
export async function killRound(trine: Installation, victim: AppProcess, group: string): Promise<Verdict> {
  const productKey = await makeProduct(trine.api, "killed");
  const certificates = await Promise.all(
    ["mqtt", "http", "coap"].map((name) => addDevice(trine.api, productKey, `${name}_sender`)),
  );
  const [overMqtt, overHttp, overCoap] = certificates;
  if (!overMqtt || !overHttp || !overCoap) throw new Error("three devices were expected");
  const host = "127.0.0.1";
  const senders = [
    startSender(overMqtt, (certificate) => connectMqtt({ host, port: trine.ports.mqtt, certificate })),
    startSender(overHttp, (certificate) => connectHttp({ host, port: trine.ports.http, certificate })),
    startSender(overCoap, (certificate) => connectCoap({ host, port: trine.ports.coap, certificate, mode: "plain" })),
  ];
  const total = () => senders.reduce((sum, { acknowledged }) => sum + acknowledged.length, 0);

  await until(() => total() >= BEFORE_KILL);
  await victim.kill();
  await victim.start();
  const atStart = senders.map(({ acknowledged }) => acknowledged.length);
  await until(() => senders.every(({ acknowledged }, at) => acknowledged.length >= (atStart[at] ?? 0) + AFTER_START));
  await Promise.all(senders.map((sender) => sender.stop()));

  const wanted = senders.flatMap(({ certificate, acknowledged }) =>
    acknowledged.map((number) => `${certificate.deviceName} ${number}`),
  );
  const isComplete = (messages: readonly ReadMessage[]) => {
    const seen = new Set(numbersOf(messages).map(({ deviceName, number }) => `${deviceName} ${number}`));
    return wanted.every((each) => seen.has(each));
  };
  const read: ReadMessage[] = [];
  await readUntil(trine.api, (messages) => isComplete(read.splice(0, read.length, ...messages) && messages), {
    group,
    productKey,
    withinMs: 40_000,
  }).catch(() => undefined);
  const numbers = numbersOf(read);
  const seen = new Set(numbers.map(({ deviceName, number }) => `${deviceName} ${number}`));
  const disordered = certificates.filter(({ deviceName }) => !isInOrder(read, deviceName));
  return {
    ...NOTHING,
    acknowledged: wanted.length,
    lost: wanted.filter((each) => !seen.has(each)),
    copies: numbers.length - seen.size,
    wrong: disordered.map(({ deviceName }) => `${deviceName}: out of order`),
  };
}

interface Sender {
  readonly certificate: DeviceCertificate;
  /** Numbers that the gateway acknowledged, in order. */
  readonly acknowledged: readonly number[];
  stop(): Promise<void>;
}

/** One message in flight; an unacknowledged one is sent again after a new login, as firmware does. */
function startSender(certificate: DeviceCertificate, connect: Connect): Sender {
  const acknowledged: number[] = [];
  let stopped = false;

  async function run(): Promise<void> {
    let number = 1;
    while (!stopped) {
      const connection = await connect(certificate).catch(() => undefined);
      try {
        while (connection && !stopped) {
          await connection.publish({ topic: topicOf(certificate, "user/update"), payload: String(number) });
          acknowledged.push(number);
          number += 1;
        }
      } catch {
        await new Promise((done) => setTimeout(done, RECONNECT_MS));
      } finally {
        await connection?.close().catch(() => undefined);
      }
      if (!connection) await new Promise((done) => setTimeout(done, RECONNECT_MS));
    }
  }

  const running = run();
  return {
    certificate,
    acknowledged,
    async stop() {
      stopped = true;
      await running;
    },
  };
}

function numbersOf(messages: readonly ReadMessage[]) {
  return messages
    .filter(({ topic }) => topic.endsWith("/user/update"))
    .map(({ deviceName, text }) => ({ deviceName, number: Number(text) }));
}

/** At least once: a number may come again, but the first time of each must be in order. */
function isInOrder(messages: readonly ReadMessage[], deviceName: string): boolean {
  let highest = 0;
  const seen = new Set<number>();
  for (const { deviceName: from, number } of numbersOf(messages)) {
    if (from !== deviceName || seen.has(number)) continue;
    seen.add(number);
    if (number < highest) return false;
    highest = number;
  }
  return true;
}

async function until(isSo: () => boolean, withinMs = 60_000): Promise<void> {
  const deadline = Date.now() + withinMs;
  while (!isSo()) {
    if (Date.now() > deadline) throw new Error(`it did not become so within ${withinMs} ms`);
    await new Promise((done) => setTimeout(done, 10));
  }
}
