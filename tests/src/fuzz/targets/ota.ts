import { findUnstorable } from "@trine/core/messaging";
import { parseProgress } from "../../../../packages/services/src/ota/jobs/parse-progress.ts";
import { parseRequest } from "../../../../packages/services/src/ota/jobs/parse-request.ts";
import { parseInform } from "../../../../packages/services/src/ota/versions/parse-inform.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import { anyJson, anyText } from "../texts.ts";

/** What devices say about their firmware (wire-format 8.3): what is read of it can be kept, whatever they send. */
export const otaMessages = pureTarget({
  name: "ota messages",
  share: 20,
  make(random) {
    const params = {
      version: random.once(4) ? anyJson(random) : anyText(random, 80),
      module: random.once(3) ? anyText(random, 80) : random.word(),
      step: random.once(3) ? anyJson(random) : String(random.below(110) - 6),
      desc: anyText(random, 400),
    };
    const text = JSON.stringify({ id: anyJson(random), params: random.once(8) ? anyJson(random) : params });
    return { payload: random.once(2) ? Buffer.from(text) : mutate(random, Buffer.from(text)) };
  },
  check({ payload }) {
    const inform = parseInform(payload);
    if (inform) must(inform.version.length <= 64 && inform.module.length <= 64, "a name is too long");
    const progress = parseProgress(payload);
    if (progress?.told.event === "advanced") must(progress.told.step >= 0 && progress.told.step <= 100, "no percent");
    must(findUnstorable([inform, progress]) === undefined, "what was read cannot be kept");
    const request = parseRequest(payload);
    if (request) JSON.parse(request.id);
  },
});
