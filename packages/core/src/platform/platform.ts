import type { Authenticator, SessionResumer } from "../auth/authenticator.ts";
import type { PskKeys } from "../auth/psk-keys.ts";
import type { Registrar } from "../auth/registration/registrar.ts";
import type { Rates } from "../guard/rates.ts";
import type { Connections, Downlink, Inbox, SessionHolder, Uplink } from "../messaging/contracts.ts";
import type { Clock, Random } from "../ports/clock.ts";
import type { DeviceLookup } from "../ports/device-registry.ts";
import type { DeviceServices } from "../ports/device-services.ts";
import type { Mailbox } from "../ports/mailbox.ts";
import type { Recorder } from "../ports/recorder.ts";
import type { SubscriptionStore } from "../ports/subscription-store.ts";

/** What a protocol adapter may ask of the gateway, and nothing more. */
export interface Platform {
  readonly nodeId: string;
  /** Looks a device up; it may be remembered. */
  readonly lookup: DeviceLookup;
  /** Never throws: a fault is the refusal `unavailable`, already recorded. */
  readonly authenticator: Authenticator;
  /** Never throws: a fault is the refusal `unavailable`, already recorded. */
  readonly sessions: SessionResumer;
  /** Hands secrets out: only over connections that nobody can listen to. Never throws: a fault is the refusal `unavailable`, already recorded. */
  readonly registrar: Registrar;
  /** For channels that devices open with a pre-shared key. Throws when the store cannot answer. */
  readonly pskKeys: PskKeys;
  /** `accept` never throws: a fault is the refusal `unavailable`, already recorded. */
  readonly uplink: Uplink;
  readonly downlink: Downlink;
  readonly connections: Connections;
  /** Never throws: a fault is the refusal `unavailable`, already recorded. */
  readonly inbox: Inbox;
  /**
   * Whether this node may serve devices: its lease lives, and revocations reach it. To be asked before each batch that is read from a
   * socket; when not, what was read is dropped unseen and the socket is closed.
   */
  mayServe(): boolean;
  /** Whether this process has room for one more connection, which is counted then. To be asked before each is accepted. */
  mayAccept(): boolean;
  readonly mailbox: Mailbox;
  readonly subscriptions: SubscriptionStore;
  readonly recorder: Recorder;
  /** How often devices may do what. */
  readonly rates: Pick<Rates, "takeDownlink" | "downlinkWaitMs">;
  /**
   * A file that a device fetches by a link that a service gave it.
   *
   * @param path of the link, behind what leads to downloads.
   * @throws when a store cannot answer.
   */
  readonly download: DeviceServices["download"];
  readonly clock: Clock;
  readonly random: Random;
  /** Takes part in revocation and delivery. @returns the way out. */
  hold(holder: SessionHolder): () => void;
}

/** An adapter that was started. */
export interface RunningAdapter {
  /** Ports that it listens on, by setting name, e.g. `{ TRINE_MQTT_PORT: 1883 }`. */
  readonly ports: Readonly<Record<string, number>>;
  /**
   * Stops listening, finishes what was begun, closes connections.
   *
   * @param drainMs how long the devices may be handed to other processes, evenly, and served until their turn comes; default 0: at once.
   */
  stop(drainMs?: number): Promise<void>;
}
