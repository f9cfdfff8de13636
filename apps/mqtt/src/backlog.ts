/** Counts the messages of one connection that wait to be stored, whichever of its devices sent them. */
export class Backlog {
  readonly #most: number;
  #waiting = 0;

  /** @param most messages that may wait; with more the connection is read no further. */
  constructor(most: number) {
    this.#most = most;
  }

  /** Whether so many messages wait that the connection should not be read. One read may go beyond it. */
  get isFull(): boolean {
    return this.#waiting >= this.#most;
  }

  add(): void {
    this.#waiting += 1;
  }

  remove(): void {
    this.#waiting -= 1;
  }
}
