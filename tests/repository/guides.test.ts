import { createHmac } from "node:crypto";
import { REFUSALS } from "@trine/core/auth";
import { loadVectors } from "@trine/vectors";
import { describe, expect, it } from "vitest";
import { RESPONSE_CODES } from "../../apps/coap/src/response-code.ts";
import { REPLY_CODES } from "../../apps/http/src/reply-code.ts";
import { CONNACK_CODES } from "../../apps/mqtt/src/connack.ts";
import { createMetrics } from "../../packages/runtime/src/observe/metrics.ts";
import { tableRows } from "./markdown.ts";
import { readRepositoryFile, repositoryFiles } from "./repository-files.ts";

const guide = readRepositoryFile("docs/protocol-guide.md");
const operations = readRepositoryFile("docs/operations.md");

describe("the protocol guide", () => {
  it("signs its worked examples rightly, with a device of the vectors", () => {
    const rows = tableRows(guide);
    const [secret = ""] = valuesOf(rows, "deviceSecret");
    const texts = valuesOf(rows, "string to sign");
    expect(valuesOf(rows, "HMAC-SHA256")).toEqual(
      texts.map((text) => createHmac("sha256", secret).update(text).digest("hex")),
    );
    const vectors = loadVectors().vectors.filter(({ key }) => key === secret);
    for (const text of texts) expect(vectors.map(({ stringToSign }) => stringToSign)).toContain(text);
  });

  it("seals as the vectors do", () => {
    const sealed = loadVectors().vectors.find(({ id }) => id === "coap-aes-A");
    for (const value of ["aesKeyHex", "encryptedSeqHex"])
      for (const hex of JSON.stringify(sealed?.outputs[value]).match(/[0-9a-f]{32}/g) ?? [])
        expect(guide).toContain(hex);
  });

  it("tells the code of every refusal that a device can read", () => {
    const rows = tableRows(guide).filter(([code = ""]) => Object.hasOwn(REFUSALS, code));
    // A full mailbox is the sender's affair.
    expect(rows.map(([code]) => code).sort()).toEqual(
      Object.keys(REFUSALS)
        .filter((code) => code !== "mailbox_full")
        .sort(),
    );
    for (const [code = "", connack, http, coap] of rows) {
      const refusal = code as keyof typeof REFUSALS;
      if (connack !== "-") expect(connack, code).toBe(String(CONNACK_CODES[refusal]));
      if (http !== "-") expect(http, code).toBe(String(REPLY_CODES[refusal].code));
      expect(coap, code).toBe(RESPONSE_CODES[refusal]);
    }
  });
});

describe("the guide for operators", () => {
  it("lists every series, and none that there is not", () => {
    const { registry } = createMetrics("test");
    const series = registry
      .getMetricsAsArray()
      .map(({ name }) => name)
      .filter((name) => name.startsWith("trine_"));
    const listed = tableRows(operations).flatMap(([name = ""]) => /^trine_\w+/.exec(name) ?? []);
    expect([...listed].sort()).toEqual(series.sort());
  });

  it("lists every event of the log", () => {
    const events = repositoryFiles(/^(?:packages\/runtime|apps\/[^/]+)\/src\/.*(?<!\.test)\.ts$/).flatMap(({ text }) =>
      [...text.matchAll(/\bevent: "([\w.]+)"/g)].map(([, event = ""]) => event),
    );
    const listed = tableRows(operations).flatMap(([names = ""]) => names.split(", "));
    expect(events.length).toBeGreaterThan(5);
    expect(events.filter((event) => !listed.includes(event))).toEqual([]);
  });
});

function valuesOf(rows: readonly (readonly string[])[], name: string): readonly string[] {
  return rows.filter(([first]) => first === name).map(([, value = ""]) => value);
}
