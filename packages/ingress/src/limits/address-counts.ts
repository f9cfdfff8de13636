/** How many connections each address has open. */
export interface AddressCounts {
  /** Counts one more, if the address may have it. @returns what takes it off again, or `undefined` when the address has as many as it may. */
  take(address: string): (() => void) | undefined;
}

/** @param most of one address; 0 sets no limit. */
export function createAddressCounts(most: number): AddressCounts {
  const counts = new Map<string, number>();

  function release(address: string): void {
    const left = (counts.get(address) ?? 0) - 1;
    if (left > 0) counts.set(address, left);
    else counts.delete(address);
  }

  return {
    take(address) {
      const open = counts.get(address) ?? 0;
      if (most > 0 && open >= most) return undefined;
      counts.set(address, open + 1);
      return () => release(address);
    },
  };
}
