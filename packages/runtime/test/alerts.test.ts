import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { createMetrics } from "../src/observe/metrics.ts";

interface Rule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: { readonly severity: string };
  readonly annotations: { readonly summary: string };
}

const file = (path: string) => readFile(new URL(`../../../${path}`, import.meta.url), "utf8");
const { groups } = parse(await file("infra/prometheus/alerts.yml")) as { groups: { name: string; rules: Rule[] }[] };
const rules = groups.flatMap((group) => group.rules);

// What Prometheus itself adds to every series, and the histogram's own.
const ADDED_LABELS = ["service", "instance", "le"];
const metrics = new Map(
  createMetrics("mqtt")
    .registry.getMetricsAsArray()
    .map((metric) => [metric.name, "labelNames" in metric ? (metric.labelNames as readonly string[]) : []]),
);

describe.each(rules.map((rule) => [rule.alert, rule] as const))("alert %s", (_name, { expr, labels, annotations }) => {
  const named = [...expr.matchAll(/\b((?:trine|nodejs|process)_\w+)(?:\{([^}]*)\})?/g)];

  it("is about metrics that processes have, and labels that these have", () => {
    expect(named.length).toBeGreaterThan(0);
    const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
    for (const [, name = "", selector = ""] of named) {
      const known = metrics.get(name) ?? metrics.get(name.replace(/_bucket$/, ""));
      expect(known, name).toBeDefined();
      const used = [...selector.matchAll(/(\w+)\s*=/g)].map(([, label = ""]) => label);
      expect([...(known ?? []), ...ADDED_LABELS]).toEqual(expect.arrayContaining([...used, ...grouped]));
    }
  });

  it("says how urgent it is and what it means, with labels that its result has", () => {
    expect(["page", "ticket"]).toContain(labels.severity);
    const told = [...annotations.summary.matchAll(/\$labels\.(\w+)/g)].map(([, label = ""]) => label);
    const kept = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
    expect(kept).toEqual(expect.arrayContaining(told));
  });
});

it("the operations guide tells of every alert, and of no other", async () => {
  const guide = await file("docs/operations.md");
  expect([...guide.matchAll(/^\| `(Trine\w+)` \|/gm)].map(([, name]) => name)).toEqual(rules.map(({ alert }) => alert));
});
