import { Secret } from "@trine/core/certificate";
import { parseForm } from "../../../../apps/admin/src/cloud-api/parse-form.ts";
import { signatureOf, stringToSign } from "../../../../apps/admin/src/cloud-api/signature.ts";
import { FORMATS, successFields } from "../../../../apps/admin/src/cloud-api/write-reply.ts";
import { must, pureTarget } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyText } from "../texts.ts";

const SECRET = new Secret("testsecret");

/** Forms of the vendor's cloud API (wire-format 9.1): what is read of one is what was written, and can be signed and shown. */
export const cloudForms = pureTarget({
  name: "forms of the cloud API",
  share: 40,
  make(random) {
    const pairs = new Map(random.times(random.length(12), () => [writable(random, 12), writable(random, 60)]));
    pairs.delete("");
    const text = new URLSearchParams([...pairs]).toString();
    if (random.once(2)) return { forms: cut(random, text), pairs };
    const broken = random.once(3) ? anyText(random, 200) : mutate(random, Buffer.from(text)).toString();
    return { forms: random.once(2) ? [broken] : [broken, text], pairs: undefined };
  },
  check({ forms, pairs }) {
    const parsed = parseForm(...forms);
    if (pairs) must(JSON.stringify([...(parsed ?? [])]) === JSON.stringify([...pairs]), "it came back as another form");
    if (!parsed) return;
    must(signatureOf(SECRET, stringToSign("POST", parsed)).length === 20, "it cannot be signed");
    const length = forms.join("").length;
    for (const { write } of Object.values(FORMATS)) {
      const reply = write("Reply", successFields("id", { Props: [...parsed.values()] }));
      must(reply.length <= 1_000 + 40 * length, "the reply is much larger than what it shows");
    }
  },
});

/** A text that a form may hold. */
function writable(random: RandomSource, most: number): string {
  return anyText(random, most).replaceAll(/[\0\p{Surrogate}]/gu, "");
}

/** A query and a body, or one of them. */
function cut(random: RandomSource, text: string): readonly string[] {
  const parts = text.split("&");
  const at = random.below(parts.length + 1);
  return [parts.slice(0, at).join("&"), parts.slice(at).join("&")];
}
