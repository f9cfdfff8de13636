import type { Socket } from "node:net";
import type { Carrier } from "./carrier.ts";
import type { DeviceConnection } from "./device-connection.ts";
import type { FrameFault, FrameGuard } from "./frame-guard.ts";
import type { Gate } from "./guard-socket.ts";

/** One TCP connection, from its first byte to its end, logged in or not. */
export class Link implements Gate, Carrier {
  /** What the engine knows it by, never seen by the device. */
  readonly id: string;
  readonly socket: Socket;
  readonly guard: FrameGuard;
  readonly #onFault: (link: Link, fault: FrameFault) => void;
  readonly #isLapsed: () => boolean;
  /** Set by an accepted login. */
  connection: DeviceConnection | undefined;
  #why: string | undefined;
  #isHeld = false;
  #isCut = false;

  constructor(of: {
    id: string;
    socket: Socket;
    guard: FrameGuard;
    isLapsed: () => boolean;
    onFault: (link: Link, fault: FrameFault) => void;
  }) {
    this.id = of.id;
    this.socket = of.socket;
    this.guard = of.guard;
    this.#isLapsed = of.isLapsed;
    this.#onFault = of.onFault;
  }

  /** Why the connection ended, as a stable word for metrics. */
  get why(): string {
    return this.#why ?? (this.guard.sawDisconnect ? "disconnected" : "connection_lost");
  }

  /** Notes why the connection is about to end; the first reason counts. */
  blame(why: string): void {
    this.#why ??= why;
  }

  /** Whether the gateway ended the connection. */
  get isCut(): boolean {
    return this.#isCut;
  }

  /** Ends the connection at once; of one that is gone already, drops what still waits. */
  cut(why: string): void {
    this.#isCut = true;
    if (!this.socket.destroyed) this.blame(why);
    this.socket.destroy();
  }

  /** Reads nothing any more. */
  hold(): void {
    this.#isHeld = true;
  }

  isHeld(): boolean {
    return this.#isHeld || this.connection?.publishes.isFull === true;
  }

  isLapsed(): boolean {
    return this.#isLapsed();
  }

  fault(fault: FrameFault): void {
    this.#onFault(this, fault);
  }
}
