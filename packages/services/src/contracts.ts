import type { Session } from "@trine/core/auth";
import type { DeviceRef, ProductKey } from "@trine/core/certificate";
import type { ServiceCore } from "@trine/core/platform";
import type { DeviceCarrier, Download, RevocationTarget, Served } from "@trine/core/ports";
import type { SqlDatabase } from "@trine/postgres";
import type { z } from "zod";
import type { Offer, ServicePort } from "./kit/ports/service-port.ts";
import type { ServiceRoute } from "./kit/rest/service-route.ts";

/**
 * A device service: something that the gateway itself does for devices.
 *
 * It is the export `service` of the file `service` in a folder of its own, and nothing else names it. Beside that file the folder may hold
 * `migrations`, the SQL of its tables, which are brought up to date before it is opened.
 */
export interface DeviceService<Shape extends z.ZodRawShape = z.ZodRawShape> {
  /** Small letters and underscores. Names its switch in a product, its tables' migrations, and itself in metrics and the API's document. */
  readonly name: string;
  /** One line for operators who switch it. */
  readonly summary: string;
  /** Whether products have it that do not say. */
  readonly isOnByDefault: boolean;
  /** Environment variables of its own. */
  readonly settings?: Shape;
  open(host: ServiceHost, settings: z.output<z.ZodObject<Shape>>): OpenDeviceService;
}

/** What a service stands on. */
export interface ServiceHost extends ServiceCore {
  /** Where its tables are: Postgres, or the embedded database. */
  readonly database: SqlDatabase;
  /** The folder of the embedded default; absent when the stores are servers. */
  readonly dataFolder: string | undefined;
  /** Whether the product of a device has this service. */
  isOn(device: DeviceRef): Promise<boolean>;
  /** Whether a product has it. */
  isOnFor(productKey: ProductKey): Promise<boolean>;
  /** Tells this service on another node. Rejects when that node does not answer. */
  tell(nodeId: string, body: string): Promise<string | undefined>;
  /** Tells it without waiting for what it says; it may be lost. */
  notify(nodeId: string, body: string): Promise<void>;
  /** What another service of this process offers; nothing before all are open, or when it is not there. */
  find<T>(port: ServicePort<T>): T | undefined;
  /**
   * A link to something of `downloads`, that whoever has it may fetch over HTTP from any node for `ttlMs`, revoked or not.
   *
   * @param subject letters, digits and `-._~`, in levels; 200 characters at most.
   */
  signedUrl(subject: string, ttlMs: number): string;
}

/** A service that runs in this process. */
export interface OpenDeviceService {
  /**
   * What it does with messages of devices, by the topic: `{pk}` and `{dn}` are the device's own names, `+` is one level, a final `#` one or
   * more.
   */
  readonly topics?: Readonly<Record<string, TopicHandler>>;
  /** What operators and applications may ask of it. */
  readonly routes?: readonly ServiceRoute[];
  /**
   * Opens what a link of `signedUrl` leads to; nothing when it is not there (any more).
   *
   * @throws when a store cannot answer.
   */
  readonly downloads?: (subject: string) => Promise<Download | undefined>;
  /** What other services, and programs of the gateway, may ask of it. */
  readonly offers?: readonly Offer[];
  /** What has to be done now and then, by one process or several of the installation at once. */
  readonly works?: readonly ServiceWork[];
  /** The device has a new connection on this node; the login may not be answered yet. */
  opened?(session: Session): Promise<void>;
  /** As `DeviceServices.changing` of the core. */
  changing?(device: DeviceRef, action: "disable" | "enable" | "delete"): Promise<() => Promise<void>>;
  /** This service of another node sends `body`. */
  told?(body: string): Promise<string | undefined>;
  /** Forgets what is remembered about a target. */
  evict?(target: RevocationTarget): void;
  /** Forgets everything that is remembered. */
  clear?(): void;
  close?(): Promise<void>;
}

export interface ServiceWork {
  readonly name: string;
  readonly everyMs: number;
  /** @returns true when there is more to do at once. */
  run(signal: AbortSignal): Promise<unknown>;
}

/** A message of a device, with who sent it. */
export interface ServiceMessage {
  readonly session: Session;
  readonly device: DeviceRef;
  readonly messageId: string;
  readonly topic: string;
  /** The levels that the pattern of the topic leaves open, in order; those of a final `#` joined by slashes. */
  readonly open: readonly string[];
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  /** Wall clock. */
  readonly receivedAtMs: number;
  /** The connection that it came in on, if that can carry further devices. */
  readonly carrier?: DeviceCarrier;
}

/** What became of a message. */
export interface ServiceAnswer extends Served {
  /** The code of the answer as text, for metrics: of few values. */
  readonly code: string;
}

export interface TopicHandler {
  /**
   * Does what the message asks for. Durable when it resolves; the same message may come again.
   *
   * @returns nothing when the message is not for the service after all.
   * @throws when a store cannot answer; the device then has to send the message again.
   */
  serve(message: ServiceMessage): Promise<ServiceAnswer | undefined> | ServiceAnswer | undefined;
  /** What a device hears whose product does not have the service. */
  refuse(message: ServiceMessage): ServiceAnswer | undefined;
}
