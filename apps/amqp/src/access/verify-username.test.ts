import { createHmac } from "node:crypto";
import { type AccessKeyHolder, digestOfKey } from "@trine/core/access";
import { Secret } from "@trine/core/certificate";
import { loadVectors } from "@trine/vectors";
import { expect, it } from "vitest";
import { parseUsername, type Username } from "./parse-username.ts";
import { isAccessRefusal } from "./refuse-access.ts";
import { verifyUsername } from "./verify-username.ts";

const VECTORS = loadVectors().vectors.filter(({ group }) => group === "amqp");

async function codeOf(username: Username, password: string, { secret = "testSecret", windowMs = 0, nowMs = 0 } = {}) {
  const key: AccessKeyHolder = {
    accessKeyId: username.accessKeyId,
    name: "",
    role: "operator",
    secret: new Secret(secret),
    noteUse: () => undefined,
    takeNonce: async () => true,
  };
  const accessKeys = { find: async () => (secret === "" ? undefined : key) };
  const outcome = await verifyUsername(username, password, { accessKeys, windowMs, nowMs: () => nowMs });
  return isAccessRefusal(outcome) ? outcome.code : "ok";
}

it.each(VECTORS)("$id is proven by its secret, and by no other", async ({ inputs, outputs }) => {
  const username = parseUsername(String(outputs["username"])) as Username;
  const [password, secret] = [String(outputs["password"]), String(inputs["accessKeySecret"])];
  expect(await codeOf(username, password, { secret })).toBe("ok");
  expect(await codeOf(username, password, { secret: `${secret}x` })).toBe("bad_credentials");
  expect(await codeOf(username, password, { secret: "" })).toBe("bad_credentials");
  expect(await codeOf({ ...username, timestamp: "1" }, password, { secret })).toBe("bad_credentials");
  expect(await codeOf({ ...username, accessKeyId: "other" }, password, { secret })).toBe("bad_credentials");
});

it.each(["hmacmd5", "hmacsha1", "hmacsha256"] as const)(
  "%s counts, and no other MAC in its place",
  async (signMethod) => {
    const username = { clientId: "c", accessKeyId: "A", group: "g", signMethod, timestamp: "5", isBase64: false };
    const sign = (hash: string) => createHmac(hash, "testSecret").update("authId=A&timestamp=5").digest("base64");
    const right = sign(signMethod.slice("hmac".length));
    expect(await codeOf(username, right)).toBe("ok");
    for (const hash of ["md5", "sha1", "sha256"])
      if (sign(hash) !== right) expect(await codeOf(username, sign(hash)), hash).toBe("bad_credentials");
    const hex = Buffer.from(right, "base64").toString("hex");
    for (const wrong of ["", hex, `${right}\n`, right.slice(0, -4), digestOfKey(right).toString("base64")])
      expect(await codeOf(username, wrong), wrong).toBe("bad_credentials");
  },
);

it("with a window, what was signed longer ago or later than that is stale, but only for who proved it", async () => {
  const username = parseUsername(String(VECTORS[0]?.outputs["username"])) as Username;
  const password = String(VECTORS[0]?.outputs["password"]);
  const at = (skewMs: number) => ({ windowMs: 900_000, nowMs: 1_573_489_088_171 + skewMs });
  for (const skewMs of [-900_000, 0, 900_000]) expect(await codeOf(username, password, at(skewMs))).toBe("ok");
  for (const skewMs of [-900_001, 900_001]) expect(await codeOf(username, password, at(skewMs))).toBe("stale");
  expect(await codeOf(username, "AAAA", at(900_001))).toBe("bad_credentials");
});
