import type { DeviceCertificate } from "@trine/device";
import type { GatewayNode } from "../many-nodes.ts";

/** A device that is logged in on one node, whatever the protocol. */
export interface Line {
  /** Resolves when the gateway acknowledged it. @throws when it never will. */
  publish(payload: string): Promise<void>;
  /** Resolves when the gateway ended it. Never on a protocol without connections. */
  readonly ended: Promise<void>;
  /** Ends in order: what came is acknowledged before. */
  close(): Promise<void>;
  /** Goes without a word. */
  drop(): void;
}

/** Logs in on a node. `receive` is called for each message from the application, before it is acknowledged. */
export type Dial = (options: {
  node: GatewayNode;
  certificate: DeviceCertificate;
  receive: (payload: string) => void;
}) => Promise<Line>;

/** A protocol, as traffic uses it. */
export interface Protocol {
  /** As the log names the transport. */
  readonly name: string;
  /** How messages come to the device. */
  readonly way: "pushed" | "polled" | "pulled" | "observed";
  readonly dial: Dial;
  /** How many messages are under way at once. */
  readonly window: number;
  /** A device has one connection: a newer login ends the older one, on whichever node it is. */
  readonly isOneConnection: boolean;
}
