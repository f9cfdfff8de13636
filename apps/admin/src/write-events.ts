import { once } from "node:events";
import type { ServerResponse } from "node:http";
import type { UplinkItem } from "@trine/core/ports";
import { showItem } from "./schema/uplink.ts";

/** How often a stream without messages says that it is alive, so that whatever lies between does not cut it off. */
const BEAT_MS = 15_000;

/**
 * Writes messages as server-sent events until they end; takes no next one before its client took the last.
 *
 * @param gone aborts when the client is gone.
 */
export async function writeEvents(
  response: ServerResponse,
  items: AsyncIterable<UplinkItem>,
  gone: AbortSignal,
): Promise<void> {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write(": watching\n\n");
  const beat = setInterval(() => {
    if (!response.writableNeedDrain) response.write(": alive\n\n");
  }, BEAT_MS);
  try {
    for await (const item of items) {
      const event = `id: ${item.id}\nevent: message\ndata: ${JSON.stringify(showItem(item))}\n\n`;
      if (!response.write(event)) await once(response, "drain", { signal: gone }).catch(() => undefined);
    }
  } finally {
    clearInterval(beat);
  }
}
