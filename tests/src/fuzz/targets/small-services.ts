import { parseGet, parsePushReply } from "../../../../packages/services/src/config/parse-get.ts";
import { parseGet as parseLogGet, parsePost } from "../../../../packages/services/src/logs/parse-logs.ts";
import { must, pureTarget } from "../fuzz-target.ts";
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
