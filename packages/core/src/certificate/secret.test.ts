import { format, inspect } from "node:util";
import { expect, it } from "vitest";
import { Secret } from "./secret.ts";

const clear = "ga7XA6KdlEeiPXQPpRbAjOZXwG8yAbcd";
const secret = new Secret(clear, "DeviceSecret");

it.each([
  ["string conversion", `${secret} ${String(secret)}`],
  ["JSON", JSON.stringify({ deep: [secret] })],
  ["inspection", inspect({ deep: [secret] }, { depth: 9, showHidden: true })],
  ["formatting", format("%s %o %O %j", secret, secret, secret, secret)],
  ["its own keys", JSON.stringify(Object.entries(secret))],
  ["a copy", JSON.stringify({ ...secret })],
])("%s does not show a secret", (_, text) => {
  expect(text).not.toContain(clear);
});

it("only reveal gives it out", () => {
  expect(secret.reveal()).toBe(clear);
  expect(`${secret}`).toBe("[DeviceSecret]");
});
