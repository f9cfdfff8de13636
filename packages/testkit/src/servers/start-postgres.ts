import { chmod, chown, cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { createDatabase } from "./create-database.ts";
import { findPostgresBinaries } from "./postgres-binaries.ts";
import { ProcessStartError, spawnProcess } from "./spawn-process.ts";
import { makeTempFolder } from "./temp-folder.ts";
import { startRestartable, type TestServer } from "./test-server.ts";

export interface PostgresServer extends TestServer {
  /** Makes an empty database. @returns its URL. */
  createDatabase(): Promise<string>;
}

export interface PostgresOptions {
  /** Default a free one. */
  readonly port?: number;
  /** Commits reach the disk, as in production. By default they do not, which is faster and survives SIGKILL all the same. */
  readonly durable?: boolean;
  /** Settings of the server beside the tests' own, by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A base backup to start from, which is copied; default an empty server. */
  readonly backup?: string;
}

// `nobody` on every Linux. It must be in the user table, since initdb looks itself up there.
const UNPRIVILEGED_UID = 65_534;

const FAST = ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"];

/** Starts a Postgres server of the test's own. Root starts it as an unprivileged user, since Postgres refuses root. */
export async function startPostgres({
  port,
  durable = false,
  settings = {},
  backup,
}: PostgresOptions = {}): Promise<PostgresServer> {
  const uid = process.getuid?.() === 0 ? UNPRIVILEGED_UID : undefined;
  const folder = await makeTempFolder("postgres");
  await chmod(folder.path, 0o755);
  const { initdb, postgres } = await findPostgresBinaries(folder, uid);
  const dataDir = join(folder.path, "data");
  await (backup === undefined ? initialise({ initdb, dataDir, uid }) : restore({ backup, dataDir, uid }));
  const start = (chosen: number) =>
    spawnProcess({
      command: [
        postgres,
        "-D",
        dataDir,
        "-h",
        "127.0.0.1",
        "-p",
        String(chosen),
        ...SETTINGS,
        ...(durable ? [] : FAST),
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      ready: /database system is ready to accept connections/,
      cwd: dataDir,
      stopSignal: "SIGINT",
      ...(uid === undefined ? {} : { uid }),
    });
  const server = await startRestartable({
    port,
    folder,
    url: (chosen) => `postgres://postgres@127.0.0.1:${chosen}/postgres`,
    start,
    isPortTaken: /Address already in use/,
  });
  return { ...server, createDatabase: () => createDatabase(server.url) };
}

const SETTINGS = ["-c", "unix_socket_directories=", "-c", "max_connections=300", "-c", "shared_buffers=64MB"];

async function initialise({
  initdb,
  dataDir,
  uid,
}: {
  initdb: string;
  dataDir: string;
  uid: number | undefined;
}): Promise<void> {
  await mkdir(dataDir);
  if (uid !== undefined) await chown(dataDir, uid, uid);
  const running = await spawnProcess({
    command: [initdb, "-D", dataDir, "-U", "postgres", "--auth=trust", "--no-sync", "--locale=C", "--encoding=UTF8"],
    ready: /^Success\./,
    cwd: dataDir,
    ...(uid === undefined ? {} : { uid }),
  });
  const end = await running.ended;
  if (end.code !== 0) throw new ProcessStartError(initdb, running.lines, end);
}

async function restore(at: { backup: string; dataDir: string; uid: number | undefined }): Promise<void> {
  const { backup, dataDir, uid } = at;
  await cp(backup, dataDir, { recursive: true });
  // The server refuses a folder that others may read.
  await chmod(dataDir, 0o700);
  if (uid === undefined) return;
  const entries = await readdir(dataDir, { recursive: true });
  for (const entry of ["", ...entries]) await chown(join(dataDir, entry), uid, uid);
}
