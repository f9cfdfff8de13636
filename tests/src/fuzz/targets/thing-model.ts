import { parseDeviceRef } from "@trine/core/certificate";
import type { ServiceMessage } from "@trine/services";
import { parseAnswer } from "../../../../packages/services/src/model/calls/take-answers.ts";
import { judge } from "../../../../packages/services/src/model/posts/judge.ts";
import {
  parseEvent,
  parseHistory,
  parsePack,
  parseProperties,
} from "../../../../packages/services/src/model/posts/parse-posts.ts";
import { isPostFault } from "../../../../packages/services/src/model/posts/posted.ts";
import { eventRecord, propertiesRecord } from "../../../../packages/services/src/model/posts/records.ts";
import { compileModel } from "../../../../packages/services/src/model/tsl/compile-model.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText } from "../texts.ts";

const NOW = 1_700_000_000_000;
const MOST_VALUES = 200;
const PARSERS = [parseProperties, parseEvent, parsePack, parseHistory] as const;
const TYPES = ["int", "float", "double", "text", "bool", "enum", "date", "array", "struct"] as const;
const NAMES = ["P", "Q", "value", "time", "__proto__"] as const;

const device = parseDeviceRef("a1b2C3d4E5f", "device_01");

/** What devices post of a thing model (wire-format 8.1): judged without a throw, and what is told on is JSON. */
export const modelPosts = pureTarget({
  name: "thing model posts",
  share: 40,
  make: (random) => ({
    model: { properties: [aMember(random)], events: [{ identifier: "P", outputData: [aMember(random)] }] },
    parse: random.pick(PARSERS),
    validate: random.pick(["off", "report", "enforce"] as const),
    params: random.once(3) ? anyJson(random) : aPost(random),
  }),
  check({ model: text, parse, validate, params }) {
    const model = compileModel(text);
    const message = {
      device,
      session: { device, iotId: "i" },
      receivedAtMs: NOW,
      open: ["P"],
    } as unknown as ServiceMessage;
    const posting = parse(params, message);
    if (isPostFault(posting)) return;
    const values = [...posting.rounds.flat(), ...posting.events];
    must(values.length <= MOST_VALUES, "more values than a message may bring");
    must(
      values.every(({ atMs }) => Number.isSafeInteger(atMs) && atMs >= 0),
      "a time that is none",
    );
    const known = { model, validate, historyDays: 0 };
    for (const round of posting.rounds) {
      const judged = judge(round, "properties", known);
      must(
        validate !== "enforce" || judged.kept.length + judged.wrong.length === round.length,
        "a value was dropped unseen",
      );
      JSON.stringify(propertiesRecord(message, "1", judged));
    }
    const { kept, wrong } = judge(posting.events, "events", known);
    for (const event of kept) if (model) JSON.stringify(eventRecord(message, "1", { event, model, wrong }));
  },
});

/** What devices answer to what they were asked (wire-format 6.5, 8.1). */
export const modelAnswers = pureTarget({
  name: "thing model answers",
  share: 20,
  make(random) {
    const id = random.once(2) ? String(random.below(2 ** 31)) : anyJson(random, 1);
    const text = JSON.stringify({
      id,
      code: random.once(4) ? anyJson(random, 1) : 200,
      data: anyJson(random),
      message: anyText(random),
    });
    return { payload: random.once(2) ? Buffer.from(text) : mutate(random, Buffer.from(text)) };
  },
  check({ payload }) {
    const answer = parseAnswer(payload);
    if (!answer) return;
    must(Number.isSafeInteger(answer.callId) && answer.callId >= 0, "an id that is none");
    must(Number.isSafeInteger(answer.code), "a code that is none");
    JSON.stringify(answer);
  },
});

function aMember(random: RandomSource): object {
  const type = random.pick(TYPES);
  const specs =
    type === "array"
      ? { size: random.below(4), item: { type: random.pick(TYPES) } }
      : type === "struct"
        ? [{ identifier: "Q", dataType: { type: random.pick(TYPES) } }]
        : random.once(2)
          ? anyJson(random, 1)
          : {
              "0": "a",
              min: String(random.below(3)),
              max: String(random.below(9)),
              step: "0.5",
              length: random.below(9),
            };
  return { identifier: random.pick(NAMES), dataType: random.once(3) ? { type } : { type, specs } };
}

function aPost(random: RandomSource): unknown {
  const value = () =>
    random.once(2) ? anyJson(random) : { value: anyJson(random), time: random.once(2) ? NOW : anyJson(random, 1) };
  const named = () => Object.fromEntries([[random.pick(NAMES), random.once(3) ? [value(), value()] : value()]]);
  if (random.once(3)) return named();
  const part = { properties: named(), events: named() };
  return random.once(2) ? part : [{ properties: [named(), named()], events: [named()] }, part];
}
