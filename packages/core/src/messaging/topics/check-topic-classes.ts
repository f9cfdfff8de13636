import type { TopicClass } from "../../ports/device-registry.ts";
import { type Problem, problem } from "../../registry/problem.ts";
import { RESERVED_LEVEL } from "./topic-levels.ts";

// wire-format 6.1, 10.
const MAX_CLASSES = 50;
// What a topic of 128 bytes and 7 slashes has left behind `/{productKey}/{deviceName}/` when both names are as long as can be.
const MAX_BYTES = 128 - (3 + 20 + 32);
const MAX_LEVELS = 5;
const LEVEL = /^[A-Za-z0-9_@.:-]+$/;

/** Checks the topic classes that an operator gives; a problem names the one that is wrong. */
export function checkTopicClasses(classes: readonly TopicClass[]): Problem | undefined {
  if (classes.length > MAX_CLASSES) return problem("invalid", `topics: at most ${MAX_CLASSES} classes`, "topics");
  const seen = new Set<string>();
  for (const [at, { suffix }] of classes.entries()) {
    const wrong = seen.has(suffix) ? "is there twice" : suffixFault(suffix);
    if (wrong) return problem("invalid", `topics.${at}.suffix: ${wrong}`, `topics.${at}.suffix`);
    seen.add(suffix);
  }
  return undefined;
}

function suffixFault(suffix: string): string | undefined {
  const levels = suffix.split("/");
  if (levels[0] === RESERVED_LEVEL) return `"${RESERVED_LEVEL}" at the beginning is the gateway's own`;
  if (Buffer.byteLength(suffix) > MAX_BYTES) return `at most ${MAX_BYTES} bytes`;
  if (levels.length > MAX_LEVELS) return `at most ${MAX_LEVELS} levels`;
  for (const [at, level] of levels.entries()) {
    if (level === "+" || (level === "#" && at === levels.length - 1)) continue;
    if (!LEVEL.test(level))
      return "levels of letters, digits, _-@.: with slashes between; + fills a level, # the last one";
  }
  return undefined;
}
