import type { Authenticator } from "../auth/authenticator.ts";
import type { Registrar } from "../auth/registration/registrar.ts";
import type { Signer } from "../certificate/signer.ts";
import type { Vault } from "../certificate/vault.ts";
import type { Connections, Downlink, SessionHolder, Uplink } from "../messaging/contracts.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock, Random, Timer } from "../ports/clock.ts";
import type { ControlBus } from "../ports/control-bus.ts";
import type { DeviceDirectory } from "../ports/device-directory.ts";
import type { DeviceLookup, DeviceRegistry } from "../ports/device-registry.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { TimelineNotes } from "../ports/timeline.ts";
import type { Devices, Products, Revocation } from "../registry/contracts.ts";

/** What device services may ask of the core. */
export interface ServiceCore {
  readonly nodeId: string;
  /** Looks a device up; it may be remembered. */
  readonly lookup: DeviceLookup;
  readonly registry: DeviceRegistry;
  readonly products: Products;
  readonly devices: Devices;
  readonly authenticator: Authenticator;
  /** Never throws: a fault is the refusal `unavailable`, already recorded. */
  readonly registrar: Registrar;
  readonly connections: Connections;
  /** The connections of this node. */
  readonly connectedHere: Pick<SessionHolder, "held" | "deliver">;
  readonly downlink: Downlink;
  readonly uplink: Pick<Uplink, "announce" | "announceOnce">;
  readonly directory: Pick<DeviceDirectory, "locate" | "liveNodes">;
  readonly bus: Pick<ControlBus, "send" | "notify">;
  /** With `close: false` every node forgets what it remembers about the target, services included, before it resolves. */
  readonly revocation: Revocation;
  readonly audit: AuditLog;
  readonly notes: TimelineNotes;
  readonly vault: Vault;
  readonly signer: Signer;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  readonly recorder: Recorder;
  /** Whether what this process remembers may be used: every revocation reaches it. */
  readonly isTrusted: () => boolean;
}
