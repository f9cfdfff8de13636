import { parseBatchCsv } from "../../../../apps/admin/src/batch-csv.ts";
import { ProblemError } from "../../../../apps/admin/src/problem-reply.ts";
import { refuseUnstorableText } from "../../../../apps/admin/src/storable-text.ts";
import { must, pureTarget, throwsOnly } from "../fuzz-target.ts";
import { mutate } from "../mutate.ts";
import type { RandomSource } from "../random-source.ts";
import { anyJson, anyText, nameText } from "../texts.ts";

/** Lists of devices (RFC 4180). */
export const batchCsv = pureTarget({
  name: "csv of batches",
  share: 20,
  make(random) {
    const rows = random.times(random.length(8), () => ({
      name: nameText(random, 4, 12),
      nickname: cellText(random),
      tag: cellText(random),
    }));
    const lines = rows.map(({ name, nickname, tag }) => [name, quote(nickname), quote(tag)].join(","));
    const text = ["deviceName,nickname,tag.K", ...lines].join(random.pick(["\n", "\r\n"]));
    if (random.once(2)) return { text, rows };
    return {
      text: random.once(3) ? anyText(random, 200) : mutate(random, Buffer.from(text)).toString(),
      rows: undefined,
    };
  },
  check({ text, rows }) {
    const lines = throwsOnly(ProblemError, () => parseBatchCsv(text)) as ReturnType<typeof parseBatchCsv> | undefined;
    must((lines?.length ?? 0) <= text.length + 1, "more lines were read than there are characters");
    if (!rows) return;
    must(lines?.length === rows.length, "another number of lines was read");
    for (const [at, { name, nickname, tag }] of rows.entries()) {
      const line = lines[at];
      must(line?.deviceName === name && (line.nickname ?? "") === nickname.trim(), "a line came back as another");
      must((line.tags?.["K"] ?? "") === tag.trim(), "a tag came back as another");
    }
  },
});

/** Whatever JSON a request holds: a text that no store can give back is refused, anything else is let by. */
export const storableTexts = pureTarget<unknown>({
  name: "storable texts",
  share: 30,
  make: (random) => JSON.parse(JSON.stringify(anyJson(random, 5))),
  check(body) {
    let refused = false;
    try {
      refuseUnstorableText({ body, params: {}, query: {}, headers: {} });
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      refused = true;
    }
    // Written so, both are escapes, and nothing else is.
    const isUnstorable = /\\u(?:0000|d[89a-f])/.test(JSON.stringify(body)?.replaceAll("\\\\", "") ?? "");
    must(refused === isUnstorable, `refused: ${refused}`);
  },
});

function cellText(random: RandomSource): string {
  return anyText(random, 12).replaceAll(/[\0\p{Surrogate}\ufeff]/gu, "");
}

function quote(cell: string): string {
  return `"${cell.replaceAll('"', '""')}"`;
}
