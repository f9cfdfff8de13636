import { parseGet, parsePushReply } from "../../../../packages/services/src/config/parse-get.ts";
import { parseDiagnosis } from "../../../../packages/services/src/diagnosis/parse-diagnosis.ts";
import { parseInit, parseSlice } from "../../../../packages/services/src/files/parse-upload.ts";
import { parseFound } from "../../../../packages/services/src/found/parse-found.ts";
import { parseGet as parseLogGet, parsePost } from "../../../../packages/services/src/logs/parse-logs.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import { anyJson, anyText } from "../texts.ts";

/** What devices say about their configuration and their log (wire-format 8.4), as JSON that was read already. */
export const configAndLogs = pureTarget<unknown>({
  name: "config and logs",
  share: 20,
  make: (random) =>
    random.pick<() => unknown>([
      () => anyJson(random, 3),
      () => ({ configScope: anyText(random, 8), getType: anyText(random, 8) }),
      () => ({ id: random.once(2) ? anyText(random, 20) : random.word(), code: anyJson(random, 1) }),
      () => random.times(random.length(120), () => anyText(random, 40)),
    ])(),
  check(params) {
    must(["file", "content", undefined].includes(parseGet(params)), "another type was read");
    const reply = parsePushReply(params);
    must(
      reply === undefined || (/^\d{1,16}$/.test(reply.pushId) && Number.isInteger(reply.code)),
      "no answer was read",
    );
    must(["device", "malformed", "type", "scope"].includes(parseLogGet(params)), "another outcome was read");
    const records = parsePost(params);
    must(records === undefined || (records.length > 0 && records.length <= 100), "more records were read than may be");
  },
});

/** Slices of files that devices upload (wire-format 8.5), and what an upload begins with. */
export const fileSlices = pureTarget({
  name: "file slices",
  share: 30,
  make(random) {
    const bytes = random.bytes(random.length(60));
    const params = { uploadId: anyText(random, 12), offset: random.length(100), bSize: bytes.length };
    const head = Buffer.from(
      JSON.stringify({ id: random.word(), params: random.once(4) ? anyJson(random, 2) : params }),
    );
    const length = Buffer.alloc(2);
    length.writeUInt16BE(head.length);
    const payload = Buffer.concat([length, head, bytes, random.bytes(2)]);
    return { payload: random.once(2) ? payload : mutate(random, payload), init: anyJson(random, 3) };
  },
  check({ payload, init }) {
    const { head, slice } = parseSlice(payload);
    must(slice === undefined || head !== undefined, "a slice without a head was read");
    must((slice?.bytes.length ?? 0) <= payload.length, "more bytes were read than came");
    must((parseInit(init)?.fileSize ?? 1) >= -1, "a negative size was read");
  },
});

/** What devices say of their network, and which others they found (wire-format 6.2, 9.3). */
export const diagnosisAndFound = pureTarget<unknown>({
  name: "diagnosis and found lists",
  share: 20,
  make: (random) =>
    random.pick<() => unknown>([
      () => anyJson(random, 3),
      () => ({ p: random.once(2) ? anyJson(random, 3) : { _time: random.word() }, model: anyText(random, 30) }),
      () =>
        random.times(random.length(110), () => ({ productKey: anyText(random, 12), deviceName: anyText(random, 12) })),
    ])(),
  check(params) {
    const records = parseDiagnosis(params, 1);
    must(records === undefined || (records.length > 0 && records.length <= 20), "more records were read than may be");
    const found = parseFound(params);
    must(found === undefined || (found.length > 0 && found.length <= 100), "more devices were read than may be");
  },
});
