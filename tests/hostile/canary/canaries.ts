/** A secret that is planted, in every spelling that it may be written down in. */
interface Pattern {
  readonly name: string;
  readonly spelling: string;
  readonly bytes: Buffer;
}

/** Where a secret was found. */
export interface Find {
  readonly name: string;
  readonly spelling: string;
  readonly where: string;
}

/** Shorter ones would be found by chance. */
const LEAST_BYTES = 12;

/** Secrets to look for in what a system writes. */
export class Canaries {
  readonly #patterns: Pattern[] = [];
  /** By their first two bytes: most places of a text are no beginning of any. */
  readonly #byStart = new Map<number, Pattern[]>();

  /** Plants a secret: a text, or bytes. */
  add(name: string, secret: string | Uint8Array): void {
    const bytes = Buffer.from(secret as string);
    if (bytes.length < LEAST_BYTES) throw new Error(`${name} is too short to be looked for`);
    for (const [spelling, written] of spellingsOf(bytes)) {
      const pattern = { name, spelling, bytes: Buffer.from(written) };
      const start = pattern.bytes.readUInt16BE(0);
      this.#patterns.push(pattern);
      this.#byStart.set(start, [...(this.#byStart.get(start) ?? []), pattern]);
    }
  }

  /** How many spellings are looked for. */
  get size(): number {
    return this.#patterns.length;
  }

  /** Looks for all of them at once. */
  find(text: Uint8Array | string, where: string): Find[] {
    const bytes = Buffer.from(text as string);
    const found = new Map<string, Find>();
    for (let at = 0; at + 1 < bytes.length; at += 1) {
      const start = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
      for (const { name, spelling, bytes: wanted } of this.#byStart.get(start) ?? []) {
        if (bytes.subarray(at, at + wanted.length).equals(wanted))
          found.set(name + spelling, { name, spelling, where });
      }
    }
    return [...found.values()];
  }
}

function* spellingsOf(bytes: Buffer): Generator<[string, string | Buffer]> {
  yield ["clear", bytes];
  yield ["hex", bytes.toString("hex")];
  yield ["upper-case hex", bytes.toString("hex").toUpperCase()];
  const escaped = encodeURIComponent(bytes.toString("latin1"));
  if (escaped !== bytes.toString("latin1")) yield ["url", escaped];
  // Within a longer text base64 depends on where the secret begins; what depends on its neighbours is cut off.
  for (const shift of [0, 1, 2]) {
    for (const encoding of ["base64", "base64url"] as const) {
      const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString(encoding);
      yield [
        `${encoding} after ${shift}`,
        text.slice(shift === 0 ? 0 : shift + 1, Math.floor(((shift + bytes.length) * 4) / 3) - 1),
      ];
    }
  }
}
