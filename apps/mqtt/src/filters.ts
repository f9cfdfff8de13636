import type { DeviceRef } from "@trine/core/certificate";
import { filterCovers, isSystemTopic } from "@trine/core/messaging";

/** What a connection is subscribed to. */
export class Filters {
  readonly #device: DeviceRef;
  readonly #implicit: boolean;
  readonly #filters: Set<string>;

  /** Starts with the filters of a lasting session. `implicit`: system topics come without asking (wire-format 0.5). */
  constructor(device: DeviceRef, given: { implicit: boolean; filters: Iterable<string> }) {
    this.#device = device;
    this.#implicit = given.implicit;
    this.#filters = new Set(given.filters);
  }

  /** Whether system topics come without asking. */
  get isImplicit(): boolean {
    return this.#implicit;
  }

  get size(): number {
    return this.#filters.size;
  }

  has(filter: string): boolean {
    return this.#filters.has(filter);
  }

  add(filter: string): void {
    this.#filters.add(filter);
  }

  remove(filter: string): void {
    this.#filters.delete(filter);
  }

  /** Whether the device gets this topic: by a filter, or by its implicit subscription. */
  covers(topic: string): boolean {
    return this.coversExplicitly(topic) || (this.#implicit && isSystemTopic(this.#device, topic));
  }

  /** Whether it gets what the gateway answers to it on this topic: one of a device service may be known to nobody else. */
  coversAnswer(topic: string): boolean {
    return this.#implicit || this.covers(topic);
  }

  /** Whether it gets it by a filter of its own. */
  coversExplicitly(topic: string): boolean {
    if (this.#filters.has(topic)) return true;
    for (const filter of this.#filters) if (filterCovers(filter, topic)) return true;
    return false;
  }
}
