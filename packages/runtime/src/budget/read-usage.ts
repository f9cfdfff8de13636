import { readFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { totalmem } from "node:os";
import { getHeapStatistics } from "node:v8";

/** What a process may run out of. */
export type Resource = "connections" | "descriptors" | "memory" | "heap";

/** How much of something the process uses, and may use. */
export interface Usage {
  readonly resource: Resource;
  readonly used: number;
  readonly limit: number;
}

/**
 * Reads what this process uses of what it may run out of: file descriptors (Linux only), memory of the machine or of the container, and the
 * heap of the engine.
 */
export async function readUsage(): Promise<readonly Usage[]> {
  const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
  return [
    ...(await readDescriptors()),
    { resource: "memory", used: process.memoryUsage.rss(), limit: memoryLimit() },
    { resource: "heap", used, limit },
  ];
}

/** The machine's memory, or less where a control group says so. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  const machine = totalmem();
  return constrained !== undefined && constrained > 0 ? Math.min(constrained, machine) : machine;
}

async function readDescriptors(): Promise<readonly Usage[]> {
  try {
    const limit = descriptorLimit(readFileSync("/proc/self/limits", "utf8"));
    return limit === undefined ? [] : [{ resource: "descriptors", used: await countDescriptors(), limit }];
  } catch {
    // Not on Linux: there the kernel refuses a connection first.
    return [];
  }
}

/** The soft limit that the kernel holds the process to; nothing when there is none. */
export function descriptorLimit(limits: string): number | undefined {
  const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
  return soft === undefined ? undefined : Number(soft);
}

/** Since Linux 6.2 the size of the folder is the count; before that the entries have to be read. */
async function countDescriptors(): Promise<number> {
  const { size } = await stat("/proc/self/fd");
  return size > 0 ? size : (await readdir("/proc/self/fd")).length;
}
