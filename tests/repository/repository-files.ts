import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../src/repository.ts";

/** A text file of the repository. */
export interface RepositoryFile {
  /** From the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** What is in the repository, or would be with the next commit, and matches: nothing that is ignored. */
export function repositoryFiles(pattern: RegExp): readonly RepositoryFile[] {
  return PATHS.filter((path) => pattern.test(path)).map((path) => ({ path, text: readRepositoryFile(path) }));
}

/** The text of one file. */
export function readRepositoryFile(path: string): string {
  return readFileSync(join(ROOT, path), "utf8");
}

/** A source without its comments; its strings are left. */
export function withoutComments(source: string): string {
  return source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

const PATHS: readonly string[] = listPaths();

function listPaths(): readonly string[] {
  // The checkout may belong to another user, as in a container.
  const git = ["-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"];
  const listed = execFileSync("git", git, { cwd: ROOT, encoding: "utf8", maxBuffer: 16_777_216 });
  return listed.split("\0").filter((path) => path !== "" && existsSync(join(ROOT, path)));
}
