import type { ServerResponse } from "node:http";
import type { Download, Recorder } from "@trine/core/ports";
import type { ByteRange } from "./parse-range.ts";

/** Files that are on their way to devices. */
export interface Transfers {
  /** Writes a part of the file behind a head that is written already. Cuts the connection when the file or the device fails. Never throws. */
  send(download: Download, range: ByteRange, response: ServerResponse): Promise<void>;
  /** Cuts those that are under way: a device goes on elsewhere with what it lacks. */
  stop(): void;
}

/** @param stallMs how long a device may read nothing. */
export function createTransfers({ recorder, stallMs }: { recorder: Recorder; stallMs: number }): Transfers {
  const underWay = new Set<ServerResponse>();

  async function write(download: Download, range: ByteRange, response: ServerResponse): Promise<void> {
    let left = range.end - range.start;
    for await (const bytes of download.read(range)) {
      if (response.destroyed) return;
      left -= bytes.length;
      if (left < 0) break;
      if (!response.write(bytes) && !(await drained(response, stallMs))) return;
    }
    if (left !== 0) throw new Error(`a file is not as long as it was said to be: ${left} bytes are missing`);
    response.end();
  }

  return {
    async send(download, range, response) {
      underWay.add(response);
      try {
        await write(download, range, response);
      } catch (error) {
        recorder.fault("http_download", error);
        response.destroy();
      } finally {
        underWay.delete(response);
      }
    },
    stop() {
      for (const response of underWay) response.destroy();
    },
  };
}

/** Waits until more may be written. @returns false when the device is gone, or was cut since it read nothing. */
function drained(response: ServerResponse, stallMs: number): Promise<boolean> {
  return new Promise((done) => {
    const late = setTimeout(() => response.destroy(), stallMs);
    const finish = () => {
      clearTimeout(late);
      response.off("drain", finish).off("close", finish);
      done(!response.destroyed);
    };
    response.once("drain", finish).once("close", finish);
  });
}
