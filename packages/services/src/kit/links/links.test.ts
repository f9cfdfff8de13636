import { randomBytes } from "node:crypto";
import { createKeyring } from "@trine/core/certificate";
import { describe, expect, it } from "vitest";
import { createLinks } from "./links.ts";

const random = { bytes: (count: number) => randomBytes(count) };
const BASE = "https://devices.example.com:8443";
const target = { service: "config", subject: "a1b2C3d4E5f/7" };

function aNode(key = randomBytes(32)) {
  let nowMs = 1_000_000;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs };
  const links = createLinks({ signer: createKeyring([key], random), clock }, BASE);
  return {
    links,
    key,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

const pathOf = (link: string) => link.slice(`${BASE}/download/`.length);

describe("a link", () => {
  it("leads any node to what it was made for, until it is over", () => {
    const node = aNode();
    const other = aNode(node.key);
    const path = pathOf(node.links.make(target, 60_000));
    expect(other.links.read(path)).toEqual(target);
    other.pass(60_000);
    expect(other.links.read(path)).toBeUndefined();
  });

  it("of which one character was changed leads nowhere", () => {
    const { links } = aNode();
    const path = pathOf(links.make(target, 60_000));
    // The last of 43 letters of a MAC holds 2 bits that mean nothing.
    const macEnds = path.indexOf("/", path.indexOf(".")) - 1;
    for (const [at, was] of [...path].entries()) {
      if (at === macEnds) continue;
      const changed = `${path.slice(0, at)}${was === "x" ? "y" : "x"}${path.slice(at + 1)}`;
      expect(links.read(changed)).toBeUndefined();
    }
  });

  it("of another installation leads nowhere", () => {
    expect(aNode().links.read(pathOf(aNode().links.make(target, 60_000)))).toBeUndefined();
  });

  it.each(["", "/", "config", "config/1.a.b", "config/1.a.b/", "config/x.a.b/c", "config/1.a.b/../c"])(
    "cannot be %j",
    (path) => {
      expect(aNode().links.read(path)).toBeUndefined();
    },
  );

  it.each(["", "a b", "../a", "a//b", "a?b", "a/", "x".repeat(201)])("is not made to %j", (subject) => {
    expect(() => aNode().links.make({ service: "config", subject }, 1_000)).toThrow("cannot link");
  });
});
