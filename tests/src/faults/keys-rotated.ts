import { connectMqtt, type DeviceCertificate } from "@trine/device";
import { eventually, makeProduct } from "../fleet.ts";
import type { GatewayNode } from "../many-nodes.ts";
import { pick } from "./gateway-killed.ts";
import type { Scenario } from "./scenario.ts";

/** Enough that sealing them again takes some steps. */
const DEVICES = 6_000;
const LOGINS = 30;
const MADE_WITHIN_MS = 60_000;
const SEALED_WITHIN_MS = 90_000;
const LOOK_MS = 20;

interface Keys {
  readonly phase: "never" | "announced" | "activated" | "sealing" | "checking" | "done";
  readonly activeDataKey?: string;
  readonly total: number;
  readonly done: number;
  readonly broken: number;
}

/**
 * Rotates the key that every secret is sealed with, and kills two of the three gateways while it is under way: all but one, whichever of them
 * was at it. It has to go on by itself, and whoever had a secret has to get in.
 */
export const keysRotated: Scenario = {
  name: "keys rotated, gateways killed",
  async strike({ nodes }) {
    const survivor = pick(nodes);
    const victims = nodes.filter((node) => node !== survivor);
    const certificates = await makeDevices(survivor);
    const before = await keysOf(survivor);
    await survivor.api.call("POST", "/v1/keys/rotate");
    const struck = await until(survivor, ({ phase, done }) => phase === "done" || (phase === "sealing" && done > 0));
    await Promise.all(victims.map(({ app }) => app.kill()));
    await Promise.all(victims.map(({ app }) => app.start()));
    const after = await until(survivor, ({ phase }) => phase === "done");
    return [
      ...(struck.phase === "done" ? ["the rotation was over before anything was killed"] : []),
      ...(after.activeDataKey === before.activeDataKey ? ["the data key is the same as before"] : []),
      ...(after.broken > 0 ? [`${after.broken} secrets do not open`] : []),
      ...(after.done < DEVICES ? [`only ${after.done} secrets were read`] : []),
      ...(await logIn(nodes, certificates)),
    ];
  },
};

const keysOf = ({ api }: GatewayNode) => api.call<Keys>("GET", "/v1/keys");

async function until(node: GatewayNode, isSo: (keys: Keys) => boolean): Promise<Keys> {
  const deadline = performance.now() + SEALED_WITHIN_MS;
  for (let keys = await keysOf(node); ; keys = await keysOf(node)) {
    if (isSo(keys)) return keys;
    if (performance.now() > deadline) throw new Error(`the rotation stands at ${JSON.stringify(keys)}`);
    await new Promise((done) => setTimeout(done, LOOK_MS));
  }
}

async function makeDevices({ api }: GatewayNode): Promise<readonly DeviceCertificate[]> {
  const productKey = await makeProduct(api, "many");
  const { batchId } = await api.call<{ batchId: string }>("POST", `/v1/products/${productKey}/batches`, {
    count: DEVICES,
  });
  const show = () => api.call<{ status: string }>("GET", `/v1/batches/${batchId}`);
  await eventually(show, ({ status }) => status === "done", MADE_WITHIN_MS);
  const csv = await (await api.raw("GET", `/v1/batches/${batchId}/certificates.csv`)).text();
  return csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [key = "", deviceName = "", deviceSecret = ""] = line.trim().split(",");
      return { productKey: key, deviceName, deviceSecret };
    });
}

/** Some of the devices, at each node in turn. @returns a sentence for each that does not get in. */
async function logIn(
  nodes: readonly GatewayNode[],
  certificates: readonly DeviceCertificate[],
): Promise<readonly string[]> {
  const some = certificates.filter((_, at) => at % Math.floor(DEVICES / LOGINS) === 0);
  const refused: string[] = [];
  for (const [at, certificate] of some.entries()) {
    const port = nodes[at % nodes.length]?.ports.mqtt ?? 0;
    await connectMqtt({ host: "127.0.0.1", port, certificate })
      .then((connection) => connection.close())
      .catch((error: unknown) => refused.push(`${certificate.deviceName} does not get in any more: ${String(error)}`));
  }
  return refused;
}
