import { changeShadow } from "../../../../packages/services/src/shadow/change-shadow.ts";
import { withoutDoubledCommas } from "../../../../packages/services/src/shadow/lenient-json.ts";
import { parseShadowRequest } from "../../../../packages/services/src/shadow/parse-request.ts";
import { fitsShadow, SHADOW_LIMITS, type Shadow } from "../../../../packages/services/src/shadow/shadow.ts";
import { controlMessage, shadowReply } from "../../../../packages/services/src/shadow/shadow-messages.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText } from "../texts.ts";

const MOST_REQUESTS = 4;
/** What an attribute has in an answer beside its name and its value, and the frame around all of them. */
const TIME_BYTES = 40;
const FRAME_BYTES = 400;

/** What devices send to their shadow (wire-format 8.2), one after the other: it stays within its limits, and every answer is JSON. */
export const shadowRequests = pureTarget({
  name: "shadow requests",
  share: 40,
  make: (random) =>
    random.times(1 + random.below(MOST_REQUESTS), () => {
      const text = random.once(6) ? anyText(random, 200) : request(random);
      return random.once(2) ? Buffer.from(text) : mutate(random, Buffer.from(text));
    }),
  check(payloads) {
    let shadow: Shadow | undefined;
    for (const payload of payloads) {
      const { asks, clientToken } = parseShadowRequest(payload);
      const frame = { now: 1, clientToken };
      if ("errorcode" in asks) JSON.parse(shadowReply(asks, frame).toString());
      else if (asks.is === "change") {
        const changed = changeShadow(shadow, asks.change, 1);
        if (typeof changed !== "string") shadow = JSON.parse(JSON.stringify(changed)) as Shadow;
      }
      if (!shadow) continue;
      for (const { state, since } of [shadow.reported, shadow.desired]) {
        must(fitsShadow(state), "it is nested too deep");
        must(Object.keys(state).join() === Object.keys(since).join(), "an attribute has no time");
      }
      must(Object.keys(shadow.desired.state).length === 0, "a device desires");
      for (const message of [shadowReply({ is: "shadow", shadow }, frame), controlMessage(shadow)]) {
        JSON.parse(message.toString());
        const most = 3 * SHADOW_LIMITS.bytes + SHADOW_LIMITS.attributes * TIME_BYTES + FRAME_BYTES;
        must(message.length <= most, "a message is larger than a shadow can be");
      }
    }
  },
});

/** Repairing what is no JSON leaves alone what is. */
export const doubledCommas = pureTarget({
  name: "doubled commas",
  share: 20,
  make: (random) => ({ value: anyJson(random, 4), indent: random.below(3), text: anyText(random, 200) }),
  check({ value, indent, text }) {
    const json = JSON.stringify(value, undefined, indent);
    must(withoutDoubledCommas(json) === json, "JSON was changed");
    const repaired = withoutDoubledCommas(text);
    must(withoutDoubledCommas(repaired) === repaired, "a text was not repaired at once");
  },
});

function request(random: RandomSource): string {
  const section = () => (random.once(5) ? random.pick(["null", null]) : anyJson(random, 6));
  const members: [string, unknown][] = [
    ["method", random.once(8) ? anyJson(random, 1) : random.pick(["update", "get", "delete"])],
    ["state", random.once(8) ? anyJson(random) : sections(random, section)],
    ["version", random.once(8) ? anyJson(random, 1) : random.below(8) - 1],
    ["clientToken", random.once(4) ? anyJson(random, 1) : anyText(random)],
  ];
  const text = members
    .filter(() => !random.once(6))
    .map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return `{${text.join(random.pick([",", ",,", " , \n, "]))}}`;
}

function sections(random: RandomSource, section: () => unknown): object {
  return {
    ...(random.once(6) ? {} : { reported: section() }),
    ...(random.once(3) ? { desired: section() } : {}),
  };
}
