import { cpus, totalmem } from "node:os";
import type { Measurement } from "./measure.ts";

/** One measured operation beside its floor. */
interface Row {
  readonly operation: string;
  readonly installation: string;
  readonly measured: Measurement;
  readonly floor: Measurement | undefined;
  readonly target?: number;
}

/** Collects figures and writes them as Markdown, as they come and whole at the end. */
export function createReport() {
  const lines: string[] = [];
  const facts: string[] = [];

  function add(operation: string, installation: string, measured: Measurement, compared: string): void {
    const { perSecond, cpuMicros, busy, p50Ms, p99Ms, residentMb, failures } = measured;
    const line = [
      operation,
      installation,
      Math.round(perSecond),
      cpuMicros.toFixed(1),
      compared,
      p50Ms.toFixed(2),
      p99Ms.toFixed(2),
      `${Math.round(busy * 100)} %`,
      Math.round(residentMb),
    ].join(" | ");
    lines.push(`| ${line} |`);
    console.error(`| ${line} |${failures > 0 ? ` (${failures} failures)` : ""}`);
  }

  return {
    machine() {
      facts.push(
        `| machine | ${cpus()[0]?.model ?? "unknown"}, ${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB |`,
      );
      facts.push(`| Node.js | ${process.version} |`, `| date | ${new Date().toISOString().slice(0, 10)} |`);
    },
    floor: (operation: string, measured: Measurement) => add(operation, "floor", measured, "1"),
    row({ operation, installation, measured, floor, target }: Row) {
      const ratio = floor ? measured.cpuMicros / floor.cpuMicros : undefined;
      const compared =
        ratio === undefined ? "" : `${ratio.toFixed(2)}${target === undefined ? "" : ` (target ${target})`}`;
      add(operation, installation, measured, compared);
    },
    fact(name: string, value: string) {
      facts.push(`| ${name} | ${value} |`);
      console.error(`| ${name} | ${value} |`);
    },
    print() {
      const operations = [
        "| Operation | On | per second | server CPU, µs each | × floor | p50 ms | p99 ms | core busy | MB |",
        "|---|---|---|---|---|---|---|---|---|",
        ...lines,
        "",
      ];
      console.log([...(lines.length > 0 ? operations : []), "| Fact | Value |", "|---|---|", ...facts].join("\n"));
    },
  };
}
