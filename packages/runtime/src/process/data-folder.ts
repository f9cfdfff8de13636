import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createConnection, createServer, type Server } from "node:net";
import { join, relative, resolve } from "node:path";
import { StartError } from "./start-error.ts";

/** The folder of the embedded default, held by this process alone. */
export interface DataFolder {
  readonly path: string;
  /** Lets another process have it. */
  release(): Promise<void>;
}

/**
 * Makes the folder if need be and takes it for this process.
 *
 * The hold is a listening Unix socket in the folder: it ends with the process however that dies, and holds across containers that
 * share the folder, which a process id would not.
 *
 * @throws StartError when the folder cannot be written or another process holds it.
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  const folder = resolve(path);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    writeFileSync(join(folder, ".writable"), "");
    rmSync(join(folder, ".writable"));
  } catch (error) {
    throw new StartError(
      `cannot write to the data folder ${folder} (${(error as NodeJS.ErrnoException).code}); set TRINE_DATA_DIR to another`,
    );
  }
  const socket = join(folder, "lock.sock");
  // A Unix socket's path holds about 100 bytes; relative to here it is usually shorter.
  const address = socket.length > 100 ? relative(process.cwd(), socket) : socket;
  const server = await listenOrRefuse(address, folder);
  return {
    path: folder,
    release: () => new Promise((done) => server.close(() => done())),
  };
}

async function listenOrRefuse(address: string, folder: string): Promise<Server> {
  const first = await listen(address);
  if (first) return first;
  if (await isAnswered(address)) {
    throw new StartError(
      `another process uses the data folder ${folder}; stop it, or set TRINE_DATA_DIR to another folder`,
    );
  }
  rmSync(address, { force: true });
  const second = await listen(address);
  if (second) return second;
  throw new StartError(
    `another process is taking the data folder ${folder} right now; set TRINE_DATA_DIR to another folder`,
  );
}

function listen(address: string): Promise<Server | undefined> {
  return new Promise((done, fail) => {
    const server = createServer((socket) => socket.destroy());
    server.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" ? done(undefined) : fail(error),
    );
    server.listen(address, () => {
      server.unref();
      done(server);
    });
  });
}

function isAnswered(address: string): Promise<boolean> {
  return new Promise((done) => {
    const socket = createConnection(address);
    socket.once("connect", () => {
      socket.destroy();
      done(true);
    });
    socket.once("error", () => done(false));
  });
}

/**
 * Reads a key file, or makes it with 32 random bytes and mode 0600.
 *
 * @returns the text of the file and whether it was made just now.
 */
export function readOrMakeKeyFile(file: string, encoding: "base64" | "base64url"): { text: string; made: boolean } {
  if (existsSync(file)) return { text: readFileSync(file, "utf8").trim(), made: false };
  const text = randomBytes(32).toString(encoding);
  writeFileSync(file, `${text}\n`, { mode: 0o600, flag: "wx", flush: true });
  chmodSync(file, 0o600);
  return { text, made: true };
}
