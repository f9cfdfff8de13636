import { closeSync, existsSync, fsyncSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { CliError } from "../api-client.ts";

/** What became of a device. `handed`: it was given to a station. `burned`: the station confirmed it. `spoiled`: it was not burned after all. */
export type Fate = "handed" | "burned" | "spoiled";

export interface JournalEntry {
  readonly deviceName: string;
  readonly what: Fate;
  /** ISO 8601. */
  readonly at: string;
  /** What the station calls it: a serial number, say. */
  readonly label?: string;
}

/** What became of the devices of a package, in a file beside it: names and times, no secret. */
export interface Journal {
  /** The last entry of each device. */
  readonly fates: ReadonlyMap<string, JournalEntry>;
  /** Writes entries down; they are on the disk when this returns. */
  note(entries: readonly JournalEntry[]): void;
  /** Lets another program have the journal. */
  close(): void;
}

/**
 * Opens the journal of a package, for this program alone: two that hand out of one package would hand out the same device.
 *
 * @throws CliError when another program has it, or it cannot be read or written.
 */
export function openJournal(packageFile: string): Journal {
  const file = `${packageFile}.journal`;
  const lock = `${file}.lock`;
  takeLock(lock);
  try {
    const fates = readFates(file);
    const fd = openSync(file, "a", 0o600);
    return {
      fates,
      note(entries) {
        writeSync(fd, entries.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
        fsyncSync(fd);
        for (const entry of entries) fates.set(entry.deviceName, entry);
      },
      close() {
        closeSync(fd);
        rmSync(lock, { force: true });
      },
    };
  } catch (error) {
    rmSync(lock, { force: true });
    throw error instanceof CliError ? error : new CliError(`cannot keep ${file}: ${(error as Error).message}`);
  }
}

function readFates(file: string): Map<string, JournalEntry> {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  const fates = new Map<string, JournalEntry>();
  for (const [index, line] of lines.entries()) {
    if (line === "") continue;
    const entry = parse(line);
    // The last line may be cut off by a power cut: its device was not handed out, since a line is on the disk before the device is given.
    if (entry) fates.set(entry.deviceName, entry);
    else if (index < lines.length - 1)
      throw new CliError(`line ${index + 1} of ${file} is damaged; mend it before anything is handed out`);
  }
  return fates;
}

function parse(line: string): JournalEntry | undefined {
  try {
    return JSON.parse(line) as JournalEntry;
  } catch {
    return undefined;
  }
}

function takeLock(lock: string): void {
  const holder = holderOf(lock);
  if (holder !== undefined && isAlive(holder))
    throw new CliError(`process ${holder} hands out of this package already; one at a time`);
  rmSync(lock, { force: true });
  try {
    const fd = openSync(lock, "wx", 0o600);
    writeSync(fd, String(process.pid));
    closeSync(fd);
  } catch (error) {
    throw new CliError(`cannot lock the journal: ${(error as Error).message}`);
  }
}

function holderOf(lock: string): number | undefined {
  return existsSync(lock) ? Number(readFileSync(lock, "utf8")) : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
