import { expect, it } from "vitest";
import { parseNatsUrl } from "./parse-nats-url.ts";

it.each([
  ["nats://nats", { tls: false, servers: ["nats:4222"] }],
  ["tls://a.example:4443,[::1]:4222/", { tls: true, servers: ["a.example:4443", "[::1]:4222"] }],
  ["nats://trine:p%40ss@h:1", { tls: false, servers: ["h:1"], user: "trine", pass: "p@ss" }],
  ["nats://s3cret@h:1", { tls: false, servers: ["h:1"], token: "s3cret" }],
])("%s is read", (url, location) => {
  expect(parseNatsUrl(url)).toEqual(location);
});

it.each([
  "",
  "redis://h:1",
  "nats://",
  "nats://h:0",
  "nats://h:1/db",
  "nats://u:secret@",
  "nats://u:%zz-secret@h",
  "nats://a b:1",
])("%j is refused without a word of it", (url) => {
  expect(() => parseNatsUrl(url)).toThrow(TypeError);
  expect(() => parseNatsUrl(url)).not.toThrow(/secret/);
});
