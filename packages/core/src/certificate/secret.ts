import { inspect } from "node:util";

/**
 * A text that must not print itself: string conversion, JSON and inspection all give a placeholder.
 *
 * `reveal()` is the only way out, so that a search for it finds every place that handles the clear text.
 */
export class Secret {
  readonly #text: string;
  readonly #label: string;

  constructor(text: string, label = "Secret") {
    this.#text = text;
    this.#label = label;
  }

  /** The clear text. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return `[${this.#label}]`;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return this.toString();
  }
}
