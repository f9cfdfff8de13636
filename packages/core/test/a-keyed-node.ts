import { randomBytes } from "node:crypto";
import { createMemoryPorts } from "@trine/memory";
import { isRefusal } from "../src/auth/index.ts";
import { createVault, type DeviceRef } from "../src/certificate/index.ts";
import { createLocalKeyService, type Keychain, openKeychain, withKnownKeys } from "../src/keys/index.ts";
import { aFleet, aNode, type Fleet, must, type Node, OPERATOR } from "./a-node.ts";
import { anAttempt } from "./an-attempt.ts";

export const random = { bytes: (count: number) => randomBytes(count) };
/** Master keys. */
export const [OLD, NEW, THIRD] = [randomBytes(32), randomBytes(32), randomBytes(32)];

export const SIGNAL = new AbortController().signal;

/** The keys of one process, with these master keys, newest first. */
export function keysOf({ ports, clock }: Fleet, ...masterKeys: readonly [Buffer, ...Buffer[]]): Promise<Keychain> {
  const [first, ...more] = masterKeys.map((key) => createLocalKeyService(key, random));
  if (!first) throw new Error("there is a first key");
  return openKeychain({ ...ports, clock, random, services: [first, ...more], masterKeys });
}

/** A node with these master keys, that looks for keys which it does not know. */
export async function nodeWith(
  fleet: Fleet,
  nodeId: string,
  ...masterKeys: readonly [Buffer, ...Buffer[]]
): Promise<Node> {
  const keychain = await keysOf(fleet, ...masterKeys);
  const { ports, clock } = fleet;
  const { recorder } = await aNode({ fleet: aFleet() });
  const registry = withKnownKeys(ports.registry, { keychain, clock, recorder });
  return aNode({ fleet, nodeId, given: { keychain, vault: keychain, registry, lookup: registry } });
}

/** A database as the release before data keys left it: sealed by the master key itself. */
export async function anOldFleet(): Promise<{ fleet: Fleet; device: DeviceRef; secret: string }> {
  const fleet = aFleet();
  // What that release had; what is kept about keys is thrown away after.
  const given = { keychain: await keysOf(fleet, OLD), vault: createVault([OLD], random) };
  const node = await aNode({ fleet, nodeId: "old", given });
  const { product } = must(await node.operators.products.create(OPERATOR, { name: "lamp" }));
  const added = must(await node.operators.devices.add(OPERATOR, product.productKey, { deviceName: "device_01" }));
  await fleet.ports.directory.endNode("old");
  const ports = { ...fleet.ports, keyStore: createMemoryPorts(fleet).keyStore };
  return { fleet: { ...fleet, ports }, device: added.device.device, secret: added.deviceSecret.reveal() };
}

/** Adds a device to a product of its own. */
export async function aDevice(node: Node): Promise<{ device: DeviceRef; secret: string }> {
  const { product } = must(await node.operators.products.create(OPERATOR, { name: "lamp" }));
  const { device, deviceSecret } = must(await node.operators.devices.add(OPERATOR, product.productKey, {}));
  return { device: device.device, secret: deviceSecret.reveal() };
}

/** @returns `ok` or the code of the refusal. */
export async function logIn(node: Node, { device, secret }: { device: DeviceRef; secret: string }): Promise<string> {
  const outcome = await node.platform.authenticator.authenticate(anAttempt({ device, deviceSecret: secret }));
  return isRefusal(outcome) ? outcome.code : "ok";
}

/** Works until nothing is left to be done now. */
export async function workAll({ operators: { keys } }: Node): Promise<void> {
  while (await keys.work(SIGNAL));
}

/** What is stored of a device. */
export async function sealedOf({ fleet }: Node, device: DeviceRef): Promise<string> {
  return (await fleet.ports.registry.findCredentials(device))?.sealedSecret ?? "";
}
