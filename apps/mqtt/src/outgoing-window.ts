/** Whoever sends over a window. */
export interface WindowUser {
  /** There may be room now. */
  run(): void;
}

const MAX_PACKET_ID = 65_535;

/**
 * The messages of one connection that may be unacknowledged (wire-format 10): of one device, or of all that share the connection. Who finds no
 * room is called when there is some, first come first served, so that one device with many messages does not keep the others waiting.
 */
export class OutgoingWindow {
  readonly #max: number;
  /** Who sent what is unacknowledged, by packet id. Ids of devices that left stay taken: they are acknowledged all the same. */
  readonly #users = new Map<number, WindowUser>();
  readonly #waiting = new Set<WindowUser>();
  /** Places that are reserved, in flight, or acknowledged and not yet given back. */
  #used = 0;
  #packetId = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Reserves room for `most` messages, as far as there is some. @returns how many places; with 0 the user is called when there are some. */
  reserve(user: WindowUser, most: number): number {
    const room = Math.max(0, Math.min(most, this.#max - this.#used));
    if (room === 0) this.#waiting.add(user);
    this.#used += room;
    return room;
  }

  /** Gives places back that were reserved and not used, or whose message was acknowledged and dealt with. */
  giveBack(places: number): void {
    this.#used -= places;
    this.#callNext();
  }

  /** Uses a reserved place. @returns the packet id. */
  take(user: WindowUser): number {
    do this.#packetId = (this.#packetId % MAX_PACKET_ID) + 1;
    while (this.#users.has(this.#packetId));
    this.#users.set(this.#packetId, user);
    return this.#packetId;
  }

  /** The device acknowledged a packet: its id is free, its place is until it is given back. @returns who had sent it. */
  acknowledged<User extends WindowUser>(packetId: number): User | undefined {
    const user = this.#users.get(packetId);
    this.#users.delete(packetId);
    return user as User | undefined;
  }

  /** Calls the user when there is room, or the connection can be written to again. */
  wait(user: WindowUser): void {
    this.#waiting.add(user);
  }

  /** The user sends nothing any more. */
  forget(user: WindowUser): void {
    this.#waiting.delete(user);
  }

  /** The connection can be written to again. */
  drained(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const user of waiting) user.run();
  }

  #callNext(): void {
    // Who cannot write just now waits on, behind those who are here already.
    let left = this.#waiting.size;
    for (const user of this.#waiting) {
      if (left === 0 || this.#used >= this.#max) return;
      left -= 1;
      this.#waiting.delete(user);
      user.run();
    }
  }
}
