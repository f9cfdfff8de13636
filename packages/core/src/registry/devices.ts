import { newestSecret } from "../auth/valid-secrets.ts";
import { drawDeviceName, drawIotId } from "../certificate/issue.ts";
import { type DeviceName, type DeviceRef, deviceKey, type ProductKey, parseDeviceName } from "../certificate/names.ts";
import { openDeviceSecret } from "../certificate/open-device-secret.ts";
import type { DeviceRecord } from "../ports/device-registry.ts";
import type { TimelineKind } from "../ports/timeline.ts";
import { checkDeviceFacts, DEVICE_FACTS } from "./check-device-facts.ts";
import type { Actor, Devices, Revoked } from "./contracts.ts";
import { announceLifecycle } from "./lifecycle.ts";
import { newSecret } from "./new-secret.ts";
import { type Problem, problem } from "./problem.ts";
import { cursorProblem, productNotFound } from "./products.ts";
import { recordAct } from "./record-act.ts";
import type { RegistryDeps } from "./registry-deps.ts";

const DRAWS = 5;

/** What operators do with devices, over the registry. State is committed first; then every node is told, and then the operator. */
export function createDevices(deps: RegistryDeps): Devices {
  const { registry, revocation, timeline, notes } = deps;

  function note(
    device: DeviceRef,
    { iotId }: { iotId: string },
    { kind, actor }: { kind: TimelineKind; actor: Actor },
  ) {
    notes.note({ device, iotId, kind, atMs: deps.clock.nowMs(), detail: { actor: actor.name } });
  }

  async function setDisabled(actor: Actor, device: DeviceRef, disabled: boolean): Promise<Revoked | Problem> {
    const action = disabled ? "disable" : "enable";
    const follow = await deps.services?.changing?.(device, action);
    const record = await registry.updateDevice(device, { disabled });
    if (!record) return deviceNotFound();
    // Neither waits for the other: a fault of the log must not keep a disabled device connected, nor the other way round.
    const [revoked] = await Promise.all([
      revocation.revoke({ device }, { close: disabled }),
      recordAct(deps, actor, { action: `device.${action}`, target: deviceKey(device) }),
    ]);
    note(device, record, { kind: `${action}d`, actor });
    await announceLifecycle(deps, { device, iotId: record.iotId, action });
    await follow?.();
    return revoked;
  }

  return {
    async add(actor, productKey, { deviceName: asked, ...rest }) {
      const given = asked === undefined ? undefined : parseDeviceName(asked);
      if (asked !== undefined && !given) return badName("deviceName");
      const product = await registry.findProduct(productKey);
      if (!product) return productNotFound();
      const iotId = drawIotId(deps.random);
      const deviceName = await insert(deps, productKey, {
        name: given,
        make: (name) => {
          const device = { productKey, deviceName: name };
          return { ...rest, ...newSecret(deps, product, device), device, iotId, createdAtMs: deps.clock.nowMs() };
        },
      });
      if (typeof deviceName !== "string") return deviceName;
      const device = { productKey, deviceName };
      await recordAct(deps, actor, { action: "device.add", target: deviceKey(device) });
      const [record, credentials] = await Promise.all([registry.findDevice(device), registry.findCredentials(device)]);
      if (!record || !credentials) return deviceNotFound();
      note(device, record, { kind: "created", actor });
      await announceLifecycle(deps, { device, iotId, action: "create" });
      return { device: record, deviceSecret: openDeviceSecret(deps.vault, newestSecret(credentials)) };
    },
    find: async (device) => (await registry.findDevice(device)) ?? deviceNotFound(),
    findByIotId: async (iotId) => (await registry.findByIotId(iotId)) ?? deviceNotFound(),
    count: (products) => registry.countDevices(products),
    async list(productKey, filter, page) {
      if (!(await registry.findProduct(productKey))) return productNotFound();
      return registry.listDevices(productKey, filter, page).catch(cursorProblem);
    },
    async update(actor, device, change) {
      const record: DeviceRecord | undefined = await registry.updateDevice(device, change);
      if (!record) return deviceNotFound();
      await recordAct(deps, actor, { action: "device.update", target: deviceKey(device), detail: { ...change } });
      return record;
    },
    async changeTags(actor, device, { set = {}, remove = [] }) {
      const wrong = checkDeviceFacts({ tags: set });
      if (wrong) return problem("invalid", wrong[1], "tags");
      const outcome = await registry.changeTags(device, { set, remove }, DEVICE_FACTS.tags);
      if (outcome === "not_found") return deviceNotFound();
      if (outcome === "too_many") return problem("invalid", `at most ${DEVICE_FACTS.tags} tags`, "tags");
      const detail = { setTags: set, removedTags: remove };
      await recordAct(deps, actor, { action: "device.update", target: deviceKey(device), detail });
      return undefined;
    },
    async remove(actor, device) {
      const follow = await deps.services?.changing?.(device, "delete");
      const removed = await registry.deleteDevice(device);
      if (!removed) return deviceNotFound();
      const { iotId } = removed;
      const target = deviceKey(device);
      const [revoked] = await Promise.all([
        revocation.revoke({ device }, { close: true }),
        recordAct(deps, actor, { action: "device.delete", target, detail: { iotId } }),
        // A device that is made again under this name must not find what was meant for this one.
        deps.mailbox.clear(device),
        deps.subscriptions.clear(device),
      ]);
      await announceLifecycle(deps, { device, iotId, action: "delete" });
      await follow?.();
      return revoked;
    },
    async certificate(actor, device) {
      const credentials = await registry.findCredentials(device);
      if (!credentials) return deviceNotFound();
      // Written before the secret is handed out: a read that is not in the log did not happen.
      await recordAct(deps, actor, { action: "certificate.read", target: deviceKey(device) });
      note(device, credentials, { kind: "certificate_read", actor });
      return { ...device, deviceSecret: openDeviceSecret(deps.vault, newestSecret(credentials)) };
    },
    disable: (actor, device) => setDisabled(actor, device, true),
    enable: (actor, device) => setDisabled(actor, device, false),
    async kick(actor, device) {
      const record = await registry.findDevice(device);
      if (!record) return deviceNotFound();
      const [revoked] = await Promise.all([
        revocation.revoke({ device }, { close: true }),
        recordAct(deps, actor, { action: "device.kick", target: deviceKey(device) }),
      ]);
      note(device, record, { kind: "kicked", actor });
      return revoked;
    },
    async timeline(device, page) {
      if (!(await registry.findDevice(device))) return deviceNotFound();
      return timeline.list(device, page).catch(cursorProblem);
    },
  };
}

/** Adds under the given name, or under drawn ones until one is free. @returns the name. */
async function insert(
  { registry, random }: RegistryDeps,
  productKey: ProductKey,
  wanted: {
    name: DeviceName | undefined;
    make: (name: DeviceName) => Parameters<RegistryDeps["registry"]["insertDevices"]>[1][number];
  },
): Promise<DeviceName | Problem> {
  for (let draw = 0; draw < DRAWS; draw += 1) {
    const name = wanted.name ?? drawDeviceName(random);
    const outcome = await registry.insertDevices(productKey, [wanted.make(name)]);
    if (outcome === "no_product") return productNotFound();
    if (outcome.taken.length === 0) return name;
    if (wanted.name) return problem("name_taken", `the product has a device ${name}`, "deviceName");
  }
  throw new Error(`${DRAWS} drawn deviceNames were all taken`);
}

/** A name outside the alphabet, as a problem. */
export function badName(field: string): Problem {
  return problem("invalid", `${field}: 4 to 32 of letters, digits, -_@.:`, field);
}

/** No such device, as a problem. */
export function deviceNotFound(): Problem {
  return problem("device_not_found", "check the productKey and the deviceName");
}
