import { deviceKey } from "../../certificate/names.ts";
import { recordAct } from "../../registry/record-act.ts";
import type { Refusal } from "../refusal.ts";
import type { FoundRequest } from "./find-or-add.ts";
import { ITSELF } from "./note-added.ts";
import type { RegistrationDeps } from "./registration-deps.ts";

/** Notes what operators want to see of a registration: on the device's timeline, and in the audit log what is handed out, before it is. */
export async function noteRegistration(
  { request, credentials }: FoundRequest,
  refusal: Refusal | undefined,
  deps: RegistrationDeps,
): Promise<void> {
  const { transport, peer, wants } = request;
  const { device, iotId } = credentials;
  const about = { device, iotId, atMs: deps.clock.nowMs() };
  if (refusal) {
    const { code, why } = refusal;
    deps.notes.note({ ...about, kind: "refused", detail: { code, why: `registration: ${why}`, transport, peer } });
    return;
  }
  const act = { action: "device.register", target: deviceKey(device), detail: { transport, wants } };
  await recordAct(deps, { name: ITSELF, peer }, act);
  deps.notes.note({ ...about, kind: "registered", detail: { transport, peer, wants } });
}
