import type { Uplink } from "../../messaging/contracts.ts";
import type { AuditLog } from "../../ports/audit-log.ts";
import type { DeviceRegistry } from "../../ports/device-registry.ts";
import type { Recorder } from "../../ports/recorder.ts";
import type { RegistrationNames } from "../../ports/registration-names.ts";
import type { AuthDeps } from "../auth-deps.ts";

/** What registration stands on. */
export interface RegistrationDeps
  extends Pick<AuthDeps, "guesses" | "admission" | "rates" | "vault" | "clock" | "random" | "notes"> {
  /** The registry itself, no memory in front of it: a switch that was turned holds at once. */
  readonly registry: Pick<DeviceRegistry, "findProduct" | "findCredentials" | "insertDevices" | "noteRegistration">;
  readonly registrationNames: Pick<RegistrationNames, "admits">;
  readonly audit: AuditLog;
  readonly uplink: Pick<Uplink, "announce">;
  readonly recorder: Recorder;
}
