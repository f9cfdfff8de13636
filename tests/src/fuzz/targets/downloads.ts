import { createKeyring } from "@trine/core/certificate";
import { parseRange } from "../../../../apps/http/src/parse-range.ts";
import { createLinks } from "../../../../packages/services/src/kit/links/links.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import { anyText, keyText } from "../texts.ts";

const signer = createKeyring([Buffer.alloc(32, 7)], { bytes: () => Buffer.alloc(12) });
const links = createLinks({ signer, clock: { nowMs: () => 0, monotonicMs: () => 0 } }, "");
const PREFIX = "/download/";
/** The last letter of the MAC holds two bits that mean nothing. */
const SPARE = /^([^/]*\/[^/]*)[^/](\/)/;

/** Links that devices were given, and what others make of them. */
export const downloadLinks = pureTarget({
  name: "download links",
  share: 20,
  make(random) {
    const target = { service: "config", subject: `${keyText(random, 1, 12)}/${random.below(1_000)}` };
    const path = links.make(target, 60_000).slice(PREFIX.length);
    if (random.once(3)) return { path, target, given: path };
    return {
      path,
      target,
      given: random.once(4) ? anyText(random, 200) : mutate(random, Buffer.from(path)).toString(),
    };
  },
  check({ path, target, given }) {
    const read = links.read(given);
    const isSame = given.replace(SPARE, "$1$2") === path.replace(SPARE, "$1$2");
    if (given === path)
      must(read?.service === target.service && read.subject === target.subject, "a link was not taken");
    else must(read === undefined || isSame, "a link was taken that nobody made");
  },
});

/** The header `Range` (RFC 9110, 14.1.2). */
export const byteRanges = pureTarget({
  name: "byte ranges",
  share: 10,
  make: (random) => ({
    size: random.length(1_000),
    header: random.once(3)
      ? anyText(random, 40)
      : mutate(random, Buffer.from(`bytes=${random.below(1_200)}-${random.below(1_200)}`)).toString(),
  }),
  check({ size, header }) {
    const range = parseRange(header, size);
    if (range === undefined || range === "unsatisfiable") return;
    must(0 <= range.start && range.start < range.end && range.end <= size, "a part lies outside the file");
  },
});
