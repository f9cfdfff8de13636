import { setTimeout as pass } from "node:timers/promises";
import type { DeviceCertificate } from "../device-certificate.ts";
import { type AdminApi, createAdminApi } from "./admin-api.ts";
import { downlinkTopic, type LoggedInDevice, logInDemoDevice, postTemperature } from "./demo-devices.ts";
import type { DemoPorts, DemoSettings } from "./demo-settings.ts";
import { findDemoDevice, findDemoProduct } from "./find-demo-devices.ts";
import { openUplinkGroup, type UplinkLine } from "./follow-uplink.ts";

const PUBLISH_EVERY_MS = 1_000;
const SEND_EVERY_MS = 5_000;

interface Simulated extends LoggedInDevice {
  readonly protocol: keyof DemoPorts;
  readonly certificate: DeviceCertificate;
}

/**
 * Runs one device per protocol until `signal` aborts: each publishes a temperature every second and is sent a message through the REST API
 * every five seconds, and the uplink log is read and printed.
 *
 * @throws DemoError when the gateway is not there or refuses.
 */
export async function runDemo(
  settings: DemoSettings,
  { print, signal }: { print: (line: string) => void; signal: AbortSignal },
): Promise<void> {
  const api = createAdminApi(settings.adminUrl, settings.adminKey);
  const productKey = await findDemoProduct(api);
  const uplink = await openUplinkGroup(api, productKey);
  const devices: Simulated[] = [];
  try {
    for (const [protocol, port] of Object.entries(settings.ports) as [keyof DemoPorts, number][]) {
      const certificate = await findDemoDevice(api, productKey, protocol);
      const loggedIn = await logInDemoDevice({
        protocol,
        port,
        certificate,
        onMessage: ({ topic, payload }) => print(`cloud -> ${protocol}  ${topic} ${payload}`),
      });
      print(`${protocol.padEnd(4)}  ${certificate.deviceName} logged in at port ${port}`);
      devices.push({ protocol, certificate, ...loggedIn });
    }
    await runUntilFirstFault(signal, (until) => [
      uplink.follow((line) => print(describeUplink(line)), until),
      ...devices.map((device) => publishAlways(device, until)),
      ...devices.map(async ({ fetchAlways }) => fetchAlways?.(until)),
      ...devices.map((device) => sendAlways(api, device, until)),
    ]);
  } finally {
    await Promise.all(devices.map(({ connection }) => connection.close()));
    // When the gateway is gone, so is the group; the fault that ended the demo is the one to tell.
    await uplink.remove().catch(() => undefined);
  }
}

function describeUplink({ transport, topic, payload }: UplinkLine): string {
  return `${transport.padEnd(4)} -> cloud  ${topic} ${Buffer.from(payload, "base64")}`;
}

/** Runs tasks until `signal` aborts; the first fault ends the others too, and is thrown when all have ended. */
async function runUntilFirstFault(
  signal: AbortSignal,
  start: (until: AbortSignal) => readonly Promise<void>[],
): Promise<void> {
  const stopped = new AbortController();
  const stop = () => stopped.abort();
  signal.addEventListener("abort", stop, { once: true });
  if (signal.aborted) stop();
  const faults: unknown[] = [];
  await Promise.all(
    start(stopped.signal).map((task) =>
      task.catch((fault: unknown) => {
        faults.push(fault);
        stop();
      }),
    ),
  );
  signal.removeEventListener("abort", stop);
  if (faults.length > 0) throw faults[0];
}

async function publishAlways({ connection, certificate }: Simulated, signal: AbortSignal): Promise<void> {
  for (let id = 1; !signal.aborted; id += 1) {
    await postTemperature(connection, certificate, id);
    await pause(PUBLISH_EVERY_MS, signal);
  }
}

async function sendAlways(api: AdminApi, { certificate }: Simulated, signal: AbortSignal): Promise<void> {
  const { productKey, deviceName } = certificate;
  for (let target = 19; !signal.aborted; target += 1) {
    await api.call("POST", `/v1/products/${productKey}/devices/${deviceName}/messages`, {
      topic: downlinkTopic(certificate),
      payload: JSON.stringify({ targetTemperature: target }),
      ttlSeconds: 60,
    });
    await pause(SEND_EVERY_MS, signal);
  }
}

/** Waits, or returns early when the signal aborts. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await pass(ms, undefined, { signal }).catch(() => undefined);
}
