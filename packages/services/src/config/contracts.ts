/** Says which configuration a product has, without its text. */
export interface ConfigFacts {
  /** What devices know it by; drawn for each. */
  readonly configId: string;
  /** 1 for the first that the product ever had. */
  readonly version: number;
  /** Bytes. */
  readonly size: number;
  /** SHA-256, in hex. */
  readonly sha256: string;
  readonly createdAtMs: number;
}

/** A configuration with its text. */
export interface Config extends ConfigFacts {
  readonly content: string;
}
