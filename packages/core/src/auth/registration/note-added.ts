import { deviceKey } from "../../certificate/names.ts";
import { announceLifecycle } from "../../registry/lifecycle.ts";
import { recordAct } from "../../registry/record-act.ts";
import type { RegistrationFacts } from "./registrar.ts";
import type { RegistrationDeps } from "./registration-deps.ts";

/** Who registers itself, for the audit log. */
export const ITSELF = "device";

/** Notes and announces a device that was added since it registered itself, as one that an operator adds. */
export async function noteAdded(
  { device, transport, peer }: RegistrationFacts,
  iotId: string,
  deps: RegistrationDeps,
): Promise<void> {
  const detail = { actor: ITSELF, transport, peer };
  deps.notes.note({ device, iotId, kind: "created", atMs: deps.clock.nowMs(), detail });
  await announceLifecycle(deps, { device, iotId, action: "create" });
  const act = { action: "device.add", target: deviceKey(device), detail: { transport } };
  await recordAct(deps, { name: ITSELF, peer }, act);
}
