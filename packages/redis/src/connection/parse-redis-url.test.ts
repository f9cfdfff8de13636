import { expect, it } from "vitest";
import { parseRedisUrl } from "./parse-redis-url.ts";

const NOBODY = { username: undefined, password: undefined };

it.each([
  ["redis://localhost", { kind: "server", host: "localhost", port: 6379, db: 0, tls: false, ...NOBODY }],
  ["redis://10.0.0.1:7000/3", { kind: "server", host: "10.0.0.1", port: 7000, db: 3, tls: false, ...NOBODY }],
  ["rediss://[::1]:7000/", { kind: "server", host: "::1", port: 7000, db: 0, tls: true, ...NOBODY }],
  [
    "redis://:p%40ss%3A@h",
    { kind: "server", host: "h", port: 6379, db: 0, tls: false, username: undefined, password: "p@ss:" },
  ],
  [
    "redis+cluster://user:pass@a:1,b:2",
    {
      kind: "cluster",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 2 },
      ],
      tls: false,
      username: "user",
      password: "pass",
    },
  ],
  [
    "rediss+sentinel://u:p@a:1,b/main",
    {
      kind: "sentinel",
      name: "main",
      nodes: [
        { host: "a", port: 1 },
        { host: "b", port: 26_379 },
      ],
      tls: true,
      username: "u",
      password: "p",
    },
  ],
])("reads %s", (url, location) => {
  expect(parseRedisUrl(url)).toEqual(location);
});

it.each([
  "http://h",
  "redis://",
  "redis://a:1,b:2",
  "redis://h:0",
  "redis://h:99999",
  "redis://h/main",
  "redis://user@h",
  "redis+sentinel://a:1",
  "redis+cluster://a:1/2",
  "redis+cluster://a:1,",
  "redis://:%ZZ@h",
])("refuses %s", (url) => {
  expect(() => parseRedisUrl(url)).toThrow(TypeError);
});

it("does not repeat a password in its errors", () => {
  expect(() => parseRedisUrl("redis://user:hunter2@h:x")).toThrow(/^(?!.*hunter2)/s);
});
