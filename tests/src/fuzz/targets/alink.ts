import { parseDeviceRef } from "@trine/core/certificate";
import type { ServiceMessage, TopicHandler } from "@trine/services";
import { service as clock } from "../../../../packages/services/src/clock/service.ts";
import { alink } from "../../../../packages/services/src/kit/alink/alink.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText } from "../texts.ts";

const PK = "a1b2C3d4E5f";
const DN = "device_01";
const POST = alink(() => ({ code: 200 }));
const TIME = clock.open({ clock: { nowMs: () => 2, monotonicMs: () => 3 } } as never, {}).topics ?? {};
const HANDLERS: readonly [[string, TopicHandler], ...[string, TopicHandler][]] = [
  [`/sys/${PK}/${DN}/thing/event/property/post`, POST],
  ...Object.values(TIME).map((handler) => [`/ext/ntp/${PK}/${DN}/request`, handler] as [string, TopicHandler]),
];
/** What an answer has beside the parts that it echoes. */
const FRAME_BYTES = 300;

const device = parseDeviceRef(PK, DN);

/** The gateway's own answers to what devices send (wire-format 6.5, 6.3): always JSON, echoing the id as it was sent. */
export const alinkReplies = pureTarget({
  name: "alink replies",
  share: 60,
  make(random) {
    const text = random.once(5) ? anyText(random, 200) : envelope(random);
    return {
      served: random.pick(HANDLERS),
      payload: random.once(2) ? Buffer.from(text) : mutate(random, Buffer.from(text)),
    };
  },
  async check({ served: [topic, handler], payload }) {
    must(device !== undefined, "the names are none");
    const message = { device, topic, payload, receivedAtMs: 1 } as unknown as ServiceMessage;
    const reply = (await handler.serve(message))?.reply;
    if (!reply) return;
    must(reply.payload.length <= 4 * payload.length + FRAME_BYTES, "the answer is much larger than the message");
    const answer = JSON.parse(reply.payload.toString()) as Record<string, unknown>;
    const asked = parseOr(payload.toString("utf8").replace(/\0+$/, ""));
    for (const name of ["id", "deviceSendTime"]) {
      if (!Object.hasOwn(asked, name) || !Object.hasOwn(answer, name)) continue;
      must(JSON.stringify(answer[name]) === JSON.stringify(asked[name]), `${name} came back as another`);
    }
  },
});

function envelope(random: RandomSource): string {
  const id = random.once(3) ? random.word() : random.once(2) ? anyText(random) : "1|exp-topic|/sys/a/b/c_reply";
  const members: [string, unknown][] = [
    ["id", random.once(6) ? anyJson(random) : id],
    ["version", "1.0"],
    ["sys", random.once(2) ? { ack: random.below(2) } : anyJson(random, 1)],
    ["params", anyJson(random)],
    ["method", anyText(random)],
    ["deviceSendTime", random.word()],
  ];
  const text = members
    .filter(() => !random.once(4))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  if (random.once(6)) text.push('"id":"again"');
  return `{${text.join(random.pick([",", " , ", ",\n\t"]))}}`;
}

function parseOr(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}
