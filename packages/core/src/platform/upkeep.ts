/** What keeps a node's part of the fleet true; its owner calls each in its time. All throw when a store cannot answer. */
export interface Upkeep {
  /**
   * Has devices of lost nodes become offline. Not before this node itself has been in touch with the directory for one whole lease.
   * @returns how many were dealt with; above zero there may be more.
   */
  sweepLostNodes(): Promise<number>;
  /** Compares what is held here with the directory, after orders and hints may have been lost. @returns how many connections were closed. */
  recheckConnections(): Promise<number>;
  /** Closes connections whose certificate has expired; now and then. @returns how many. */
  closeExpired(): Promise<number>;
  /** Keeps hints coming for devices that fetch here; every few seconds. */
  keepWatching(): void;
  /** Closes every connection, unread: this node may not serve any more. @returns how many. */
  closeAll(why: string): number;
  /** Closes connections that have not logged in: this process is running out of room. @returns how many. */
  closeIdle(): number;
}
