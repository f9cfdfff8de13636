import { readdirSync, readFileSync } from "node:fs";

/** What a process and its children hold. */
export interface Holding {
  readonly pid: number;
  readonly rssBytes: number;
  readonly descriptors: number;
}

/** A process with its children, as they are now: the process first. @throws when it has ended. */
export function holdingsOf(pid: number): readonly Holding[] {
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === pid)
    .map(Number);
  return [pid, ...children].map((each) => ({
    pid: each,
    rssBytes: rssOf(each),
    descriptors: readdirSync(`/proc/${each}/fd`).length,
  }));
}

/** Fields of `stat` stand behind the name, which is in brackets and may hold anything. */
function parentOf(pid: string): number | undefined {
  try {
    const [, parent] = readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
    return Number(parent);
  } catch {
    // It has ended meanwhile.
    return undefined;
  }
}

function rssOf(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return Number(kib) * 1_024;
}
