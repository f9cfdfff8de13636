import { deviceKey } from "../../certificate/names.ts";
import { announceLifecycle } from "../../registry/lifecycle.ts";
import { recordAct } from "../../registry/record-act.ts";
import type { Refusal } from "../refusal.ts";
import type { FoundRequest } from "./find-or-add.ts";
import type { RegistrationDeps } from "./registration-deps.ts";

/** Who registers itself, for the audit log. */
const ITSELF = "device";

/**
 * Notes what operators want to see of a registration: for the device's timeline, and in the audit log what is handed out, before it is. A
 * device that was added is announced as one that an operator adds.
 */
export async function noteRegistration(
  { request, credentials, isNew }: FoundRequest,
  refusal: Refusal | undefined,
  deps: RegistrationDeps,
): Promise<void> {
  const { transport, peer, wants } = request;
  const { device, iotId } = credentials;
  const about = { device, iotId, atMs: deps.clock.nowMs() };
  if (isNew) {
    deps.notes.note({ ...about, kind: "created", detail: { actor: ITSELF, transport, peer } });
    await announceLifecycle(deps, { device, iotId, action: "create" });
  }
  if (refusal) {
    const { code, why } = refusal;
    deps.notes.note({ ...about, kind: "refused", detail: { code, why: `registration: ${why}`, transport, peer } });
    return;
  }
  const act = { action: "device.register", target: deviceKey(device), detail: { transport, wants, added: isNew } };
  await recordAct(deps, { name: ITSELF, peer }, act);
  deps.notes.note({ ...about, kind: "registered", detail: { transport, peer, wants } });
}
