import type { DeviceService, ServiceMessage, TopicHandler } from "../contracts.ts";
import { type AlinkAnswer, alink, answerAlink, PARAMETER_ERROR, SWITCHED_OFF } from "../kit/alink/alink.ts";
import type { ParsedObject } from "../kit/alink/parse-object.ts";
import { parseInit, parseSlice, parseUploadId } from "./parse-upload.ts";
import { fileRoutes } from "./routes.ts";
import { createSqlFileStore } from "./sql-file-store.ts";
import type { FileStore, SliceOutcome } from "./store.ts";

const HOUR_MS = 3_600_000;
/** A device that has not gone on for so long begins anew. */
const ABANDONED_MS = 24 * HOUR_MS;
const DROPPED_AT_ONCE = 100;

const EXISTS = { code: 409, message: "the file is there" } as const;
const FULL = { code: 429, message: "the device has as many files, or bytes, as it may" } as const;
const UNKNOWN = { code: 404, message: "there is no such upload" } as const;
const WRONG_CRC = { code: 460, message: "the slice is damaged" } as const;
const TOO_LARGE = { code: 413, message: "the file is larger than was said, or than may be" } as const;
const DAMAGED = { code: 422, message: "the file is not what was said; it was dropped" } as const;

/** Devices upload files in slices over their connection (wire-format 8.5). */
export const service: DeviceService = {
  name: "files",
  summary: "files that devices upload",
  isOnByDefault: true,
  open(host) {
    const { clock, random, database } = host;
    const store = createSqlFileStore(database);
    return {
      topics: {
        "/sys/{pk}/{dn}/thing/file/upload/mqtt/init": alink(async (params, { device }) => {
          const init = parseInit(params);
          if (!init) return PARAMETER_ERROR;
          const given = { uploadId: random.bytes(12).toString("hex"), nowMs: clock.nowMs() };
          const begun = await store.begin(device, init, given);
          if (begun === "exists") return EXISTS;
          return begun === "full" ? FULL : { code: 200, data: { ...begun, fileName: init.fileName } };
        }),
        "/sys/{pk}/{dn}/thing/file/upload/mqtt/send": slices(store, clock.nowMs),
        "/sys/{pk}/{dn}/thing/file/upload/mqtt/cancel": alink(async (params, { device }) => {
          const uploadId = parseUploadId(params);
          if (uploadId === undefined) return PARAMETER_ERROR;
          return (await store.cancel(device, uploadId)) ? { code: 200, data: { uploadId } } : UNKNOWN;
        }),
      },
      routes: fileRoutes(host, store),
      works: [
        {
          name: "abandoned uploads",
          everyMs: HOUR_MS,
          run: async () =>
            (await store.dropAbandoned(clock.nowMs() - ABANDONED_MS, DROPPED_AT_ONCE)) === DROPPED_AT_ONCE,
        },
      ],
      async downloads(uploadId) {
        const file = await store.findById(uploadId);
        if (!file) return undefined;
        return {
          size: file.size,
          etag: uploadId,
          type: "application/octet-stream",
          read: (range) => store.read(uploadId, range),
        };
      },
    };
  },
};

/** The one message of the vendor's that is an envelope with bytes behind it. Its bytes stay out of the uplink log. */
function slices(store: FileStore, nowMs: () => number): TopicHandler {
  const say = (message: ServiceMessage, head: ParsedObject | undefined, said: AlinkAnswer) => {
    const record = head && { topic: message.topic, payload: Buffer.from(head.text) };
    return answerAlink(message, head, record ? { ...said, record } : said);
  };
  return {
    async serve(message) {
      const { head, slice } = parseSlice(message.payload);
      if (!slice) return say(message, head, PARAMETER_ERROR);
      if (!slice.isWhole) return say(message, head, WRONG_CRC);
      const outcome = await store.add(message.device, slice, nowMs());
      return say(message, head, answerTo(outcome, { ...slice, bSize: slice.bytes.length }));
    },
    refuse: (message) => say(message, parseSlice(message.payload).head, SWITCHED_OFF),
  };
}

function answerTo(outcome: SliceOutcome, slice: { uploadId: string; offset: number; bSize: number }): AlinkAnswer {
  const { uploadId, offset, bSize } = slice;
  switch (outcome.is) {
    case "taken":
      return { code: 200, data: { uploadId, offset, bSize } };
    case "complete":
      return { code: 200, data: { uploadId, offset, bSize, complete: true } };
    case "gap":
      return {
        ...PARAMETER_ERROR,
        message: "bytes before the slice are missing",
        data: { uploadId, offset: outcome.received },
      };
    case "unknown":
      return UNKNOWN;
    case "too_large":
      return TOO_LARGE;
    case "damaged":
      return DAMAGED;
  }
}
