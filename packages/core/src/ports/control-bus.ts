import type { DeviceRef, ProductKey } from "../certificate/names.ts";

/** Whom a revocation is about: one device, or every device of a product. */
export type RevocationTarget = { readonly device: DeviceRef } | { readonly productKey: ProductKey };

/** What one node tells another. */
export type ControlCommand =
  /**
   * Forget what is cached about the target, and close its sessions if `close`; with `minSecretVersion` only those that were made under an
   * older secret.
   */
  | {
      readonly kind: "revoke";
      readonly target: RevocationTarget;
      readonly close: boolean;
      readonly minSecretVersion?: number;
    }
  /**
   * Close one connection, because the device connected elsewhere, or with `carriedBy` because it may not live on that device's any more. Closes
   * nothing newer than `epoch`.
   */
  | {
      readonly kind: "close_connection";
      readonly device: DeviceRef;
      readonly epoch: number;
      readonly carriedBy?: DeviceRef;
    }
  /** Look into the mailbox of a device. Losing it costs latency only. */
  | { readonly kind: "wake"; readonly device: DeviceRef }
  /** Send a message of QoS 0 to a device, if it is connected. Payload in base64. */
  | { readonly kind: "deliver"; readonly device: DeviceRef; readonly topic: string; readonly payload: string }
  /** A device service tells its like on another node something that only the two understand. */
  | { readonly kind: "service"; readonly service: string; readonly body: string }
  /** Read the data keys again; with `masterKey`, say also whether that one is there. */
  | { readonly kind: "reload_keys"; readonly masterKey?: string };

/** What a node did. */
export interface ControlReply {
  readonly closedSessions: number;
  /** For `deliver`: whether the message was written to a connection. */
  readonly delivered?: boolean;
  /** For `service`: what the service had to say. */
  readonly body?: string;
  /** For `reload_keys`: whether every data key is known now, and the master key is there. A node without data keys says nothing. */
  readonly knowsKeys?: boolean;
}

export type ControlHandler = (command: ControlCommand) => Promise<ControlReply>;

/**
 * Commands between nodes, addressed by node and acknowledged.
 *
 * At most once; the sender learns by the reply. Nodes that are not addressed do no work.
 */
export interface ControlBus {
  /** Receives commands for `nodeId` until `stop` is called. Resolves when commands will be received. */
  listen(nodeId: string, handler: ControlHandler): Promise<{ stop(): Promise<void> }>;
  /** Sends and waits for the reply; `undefined` when none came in `timeoutMs` or nobody listens. */
  send(nodeId: string, command: ControlCommand, timeoutMs: number): Promise<ControlReply | undefined>;
  /** Sends without waiting for a reply. */
  notify(nodeId: string, command: ControlCommand): Promise<void>;
  /** Whether this process receives commands now. A node that may have missed one must not trust its caches. */
  isConnected(): boolean;
  /** How often receiving was interrupted since the start. What was remembered before the last interruption may miss a revocation. */
  interruptions(): number;
}
