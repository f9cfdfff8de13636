import { readdirSync, readFileSync } from "node:fs";
import type { SqlDatabase } from "@trine/postgres";
import { sql } from "drizzle-orm";

/** What the kernel counts in: clock ticks, 100 a second on every Linux. */
const TICKS_PER_SECOND = 100;

/**
 * CPU that a Postgres server has used so far, in seconds: the server itself, its processes, and those that have ended.
 *
 * @param database a connection to a server on this machine.
 */
export async function postgresCpuSeconds({ db }: SqlDatabase): Promise<number> {
  const { rows } = await db.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
  const postmaster = statOf(rows[0]?.pid ?? 0).parent;
  const children = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => statIfAlive(Number(pid)))
    .filter(({ parent }) => parent === postmaster);
  const { own, ended } = statOf(postmaster);
  return children.reduce((sum, child) => sum + child.own, own + ended) / TICKS_PER_SECOND;
}

interface Stat {
  readonly parent: number;
  /** Ticks of the process. */
  readonly own: number;
  /** Ticks of its children that have ended. */
  readonly ended: number;
}

/** See proc_pid_stat(5). The name, in parentheses, may hold anything. */
function statOf(pid: number): Stat {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text
    .slice(text.lastIndexOf(")") + 2)
    .split(" ")
    .map(Number);
  const field = (number: number) => fields[number - 3] ?? 0;
  return { parent: field(4), own: field(14) + field(15), ended: field(16) + field(17) };
}

function statIfAlive(pid: number): readonly Stat[] {
  try {
    return [statOf(pid)];
  } catch {
    return [];
  }
}
