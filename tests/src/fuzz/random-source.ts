/** A source of random values that gives the same ones for the same seed and case. */
export class RandomSource {
  #a = 0;
  #b = 0;
  #c = 0;
  #counter = 1;

  /** Begins anew for one case (sfc32, seeded by the mixed bits of both numbers). */
  reseed(seed: number, caseNumber: number): void {
    this.#a = mix(seed);
    this.#b = mix(caseNumber ^ 0x9e3779b9);
    this.#c = mix(Math.floor(caseNumber / 2 ** 32) ^ mix(seed ^ 0x85ebca6b));
    this.#counter = 1;
    for (let round = 0; round < 8; round += 1) this.word();
  }

  /** 32 bits. */
  word(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + sum;
    this.#c |= 0;
    return sum >>> 0;
  }

  /** A whole number from 0 to `below` - 1. */
  below(below: number): number {
    return this.word() % below;
  }

  /** A whole number, both bounds included. */
  between(least: number, most: number): number {
    return least + this.below(most - least + 1);
  }

  /** Mostly small, sometimes as large as `most`. */
  length(most: number): number {
    return this.below(1 + this.below(1 + this.below(most + 1)));
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(from: readonly [T, ...T[]]): T {
    return from[this.below(from.length)] ?? from[0];
  }

  bytes(count: number): Buffer {
    const bytes = Buffer.allocUnsafe(count);
    for (let at = 0; at < count; at += 1) bytes[at] = this.word();
    return bytes;
  }

  /** As many values as `count`. */
  times<T>(count: number, make: () => T): T[] {
    return Array.from({ length: count }, make);
  }
}

function mix(value: number): number {
  let mixed = value | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}
