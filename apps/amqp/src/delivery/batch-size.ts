/** How many messages one read asks for. */
export interface BatchSize {
  size(): number;
  note(items: readonly { readonly payload: Buffer }[]): void;
}

const MOST = 200;
const FIRST = 16;
const BATCH_BYTES = 1_048_576;
/** What a message takes beside its payload. */
const ENVELOPE_BYTES = 512;

/** Makes a size that follows the messages, so that a batch takes about a mebibyte, whatever they weigh. */
export function createBatchSize(): BatchSize {
  let size = FIRST;
  return {
    size: () => size,
    note(items) {
      if (items.length === 0) return;
      const bytes = items.reduce((sum, { payload }) => sum + payload.length + ENVELOPE_BYTES, 0);
      size = Math.max(1, Math.min(MOST, Math.floor((BATCH_BYTES * items.length) / bytes)));
    },
  };
}
