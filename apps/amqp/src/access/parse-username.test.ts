import { loadVectors } from "@trine/vectors";
import fc from "fast-check";
import { expect, it } from "vitest";
import { parseUsername, type Username } from "./parse-username.ts";
import { isAccessRefusal } from "./refuse-access.ts";

const VECTORS = loadVectors().vectors.filter(({ group }) => group === "amqp");
const PAIRS = {
  authMode: "aksign",
  signMethod: "hmacsha256",
  timestamp: "1573489088171",
  authId: "TRINE0123456789abcde",
  consumerGroupId: "DEFAULT_GROUP",
};

const block = (pairs: Readonly<Record<string, string>>) =>
  Object.entries(pairs)
    .map(([name, value]) => `${name}=${value}`)
    .join(",");

function codeOf(text: string): string {
  const parsed = parseUsername(text);
  return isAccessRefusal(parsed) ? parsed.code : "read";
}

it.each(VECTORS)("$id is read as what it was made of", ({ inputs, outputs }) => {
  expect(parseUsername(String(outputs["username"]))).toEqual({
    clientId: inputs["clientId"],
    accessKeyId: inputs["accessKeyId"],
    group: inputs["consumerGroupId"],
    signMethod: "hmacsha1",
    timestamp: inputs["timestamp"],
    isBase64: false,
  });
});

it("the order of the pairs is free, and empty and unknown ones are passed over", () => {
  const pairs = fc.shuffledSubarray(Object.entries(PAIRS), { minLength: 5 });
  const noise = fc.array(fc.constantFrom("", "=", "iotInstanceId=", "iotInstanceId=x", "_v=1", "a=b=c", "__proto__=x"));
  const clientId = fc.string({ minLength: 1, maxLength: 64 }).filter((text) => !/[|\p{Cc}\p{Cs}]/u.test(text));
  fc.assert(
    fc.property(clientId, pairs, noise, fc.boolean(), (id, shuffled, more, isBase64) => {
      const encode = isBase64 ? ["encode=base64"] : [];
      const all = [...more, ...shuffled.map((pair) => pair.join("=")), ...encode, ...more];
      const parsed = parseUsername(`${id}|${all.join(",")}|`) as Username;
      expect(parsed).toMatchObject({ clientId: id, accessKeyId: PAIRS.authId, group: "DEFAULT_GROUP", isBase64 });
    }),
  );
});

it.each(Object.keys(PAIRS))("without %s, and with an empty one, it is refused", (name) => {
  const { [name as keyof typeof PAIRS]: _, ...others } = PAIRS;
  expect(codeOf(`c|${block(others)}|`)).toBe("malformed");
  expect(codeOf(`c|${block({ ...PAIRS, [name]: "" })}|`)).toBe("malformed");
});

it.each([
  ["no block", "client"],
  ["an empty client id", `|${block(PAIRS)}|`],
  ["a client id that is too long", `${"c".repeat(65)}|${block(PAIRS)}|`],
  ["a client id that a store could not keep", `c\0|${block(PAIRS)}|`],
  ["something behind the block", `c|${block(PAIRS)}|x`],
  ["another mode", `c|${block({ ...PAIRS, authMode: "anonymous" })}|`],
  ["a sign method that there is not", `c|${block({ ...PAIRS, signMethod: "hmacsha512" })}|`],
  ["a group that cannot be one", `c|${block({ ...PAIRS, consumerGroupId: "a/b" })}|`],
  ["a timestamp that is none", `c|${block({ ...PAIRS, timestamp: "now" })}|`],
  ["another encoding", `c|${block({ ...PAIRS, encode: "hex" })}|`],
  ["too much of everything", `c|${block(PAIRS)},${"x".repeat(1_024)}|`],
])("%s is refused", (_what, text) => {
  expect(codeOf(text)).toBe("malformed");
});

it("the bar at the end may be missing, and the first of two pairs of a name counts", () => {
  expect(codeOf(`c|${block(PAIRS)}`)).toBe("read");
  expect(parseUsername(`c|${block(PAIRS)},consumerGroupId=other|`)).toMatchObject({ group: "DEFAULT_GROUP" });
});
