import type { EndingRotation, RotationEnder } from "../auth/auth-deps.ts";
import { deviceKey } from "../certificate/names.ts";
import { type KeptSecret, openDeviceSecret } from "../certificate/open-device-secret.ts";
import type { DeviceCredentials } from "../ports/device-registry.ts";
import type { Actor, Revoked, Rotations } from "./contracts.ts";
import { deviceNotFound } from "./devices.ts";
import { newSecret } from "./new-secret.ts";
import { problem } from "./problem.ts";
import { recordAct } from "./record-act.ts";
import type { RegistryDeps } from "./registry-deps.ts";

/** How long both secrets of a device may work, in seconds. */
export const ROTATION_GRACE = { defaultSeconds: 7 * 86_400, maxSeconds: 365 * 86_400 } as const;

const CHUNK = 100;

const TRIES = 10;

/** What was made for a rotation. */
type Made = Pick<KeptSecret, "sealedSecret" | "secretVersion">;

/** Why a rotation ended. */
type Why = "used" | "grace_over";

/**
 * Rotation of secrets in two slots: a device has a first and a second one until the second was used or the grace is over.
 *
 * The end is committed first and told to every node then. A rotation stays on the registry's list until they know, so the death of a
 * process in between delays the end of what the first secret allowed by seconds.
 */
export function createRotations(deps: RegistryDeps): Rotations & RotationEnder {
  const { registry, revocation, recorder, clock } = deps;

  /** @returns whether the second secret is the only one now. */
  async function commitEnd({ device, iotId, secretVersion }: EndingRotation, why: Why) {
    if (await registry.endRotation(device, iotId, secretVersion)) {
      noteEnded(deps, { device, iotId, secretVersion, why });
      return true;
    }
    const now = await registry.findCredentials(device);
    return now?.iotId === iotId && now.secretVersion === secretVersion;
  }

  /** Voids what was made under older secrets, on every node. */
  async function tellEnd({ device, iotId, secretVersion }: EndingRotation): Promise<Revoked> {
    const revoked = await revocation.revoke({ device }, { close: true, minSecretVersion: secretVersion });
    await registry.settleRotation(device, iotId, secretVersion);
    return revoked;
  }

  /** Another rotation may come in between: a secret is made for one version, and that one is taken then. */
  async function begin(first: DeviceCredentials, graceEndsAtMs: number, nowMs: number) {
    const { device } = first;
    let before: DeviceCredentials | undefined = first;
    for (let left = TRIES; left > 0 && before; left -= 1) {
      const { iotId, product } = before;
      const secretVersion = Math.max(before.secretVersion, before.next?.secretVersion ?? 0) + 1;
      const kept = { ...newSecret(deps, product, { ...device, secretVersion }), secretVersion };
      const begun = await registry.beginRotation(device, { ...kept, graceEndsAtMs, nowMs });
      if (begun) return { ...begun, before, iotId, deviceSecret: secretOf(before, kept) };
      before = await registry.findCredentials(device);
    }
    if (before) throw new Error(`${TRIES} rotations of a device were overtaken by others`);
    return undefined;
  }

  function secretOf({ device, product: { sealedSeed } }: DeviceCredentials, kept: Made) {
    const seed = sealedSeed === undefined ? {} : { sealedSeed };
    return openDeviceSecret(deps.vault, { ...kept, ...seed, device });
  }

  return {
    async rotate(actor, device, { graceSeconds = ROTATION_GRACE.defaultSeconds }) {
      const { maxSeconds } = ROTATION_GRACE;
      if (!Number.isSafeInteger(graceSeconds) || graceSeconds < 0 || graceSeconds > maxSeconds)
        return problem("invalid", `a whole number from 0 to ${maxSeconds}`, "graceSeconds");
      const before = await registry.findCredentials(device);
      if (!before) return deviceNotFound();
      // Written before the secret is made: nobody gets one that is not in the log.
      await recordAct(deps, actor, { action: "device.rotate", target: deviceKey(device), detail: { graceSeconds } });
      const nowMs = clock.nowMs();
      const graceEndsAtMs = nowMs + graceSeconds * 1_000;
      const begun = await begin(before, graceEndsAtMs, nowMs);
      if (!begun) return deviceNotFound();
      const { iotId, secretVersion, firstVersion, deviceSecret } = begun;
      const rotation = { device, iotId, secretVersion, graceEndsAtMs };
      if (firstVersion === begun.before.next?.secretVersion) {
        noteEnded(deps, { device, iotId, secretVersion: firstVersion, why: "grace_over" });
      }
      noteBegun(deps, actor, rotation);
      // Every node must know the second secret before its holder does. What an older secret than the first left behind goes as well.
      const revoked =
        graceSeconds === 0 && (await commitEnd(rotation, "grace_over"))
          ? await tellEnd(rotation)
          : await revocation.revoke({ device }, { close: true, minSecretVersion: firstVersion });
      return { ...device, deviceSecret, graceEndsAtMs, ...revoked };
    },
    async end(rotation) {
      const isOnlyOne = await commitEnd(rotation, rotation.graceEndsAtMs <= clock.nowMs() ? "grace_over" : "used");
      // It stays on the list, so a working process tells the others later.
      if (isOnlyOne) await tellEnd(rotation).catch((error: unknown) => recorder.fault("end_rotation", error));
      return isOnlyOne;
    },
    async work(signal) {
      const ended = await registry.listEndedRotations(clock.nowMs(), CHUNK);
      for (const each of ended) {
        if (signal.aborted) return false;
        const rotation = { ...each, graceEndsAtMs: 0 };
        if (await commitEnd(rotation, "grace_over")) await tellEnd(rotation);
      }
      return ended.length === CHUNK;
    },
  };
}

function noteBegun({ notes, clock }: RegistryDeps, actor: Actor, begun: EndingRotation): void {
  const { device, iotId, secretVersion, graceEndsAtMs } = begun;
  const detail = { actor: actor.name, secretVersion, graceEndsAt: new Date(graceEndsAtMs).toISOString() };
  notes.note({ device, iotId, kind: "rotation_begun", atMs: clock.nowMs(), detail });
}

function noteEnded(
  { notes, clock }: RegistryDeps,
  ended: Pick<EndingRotation, "device" | "iotId" | "secretVersion"> & { why: Why },
): void {
  const { device, iotId, secretVersion, why } = ended;
  notes.note({ device, iotId, kind: "rotation_ended", atMs: clock.nowMs(), detail: { why, secretVersion } });
}
