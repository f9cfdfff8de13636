/** Signs texts that the gateway gives out and gets back, with keys that every node has: links above all. */
export interface Signer {
  /** @returns the id of the key and a MAC; letters that need no escape in a URL. */
  sign(text: string): string;
  /** Whether a node of this installation signed the text, in a time that does not depend on the signature. */
  isSigned(text: string, signature: string): boolean;
}
