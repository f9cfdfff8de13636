import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { CliError } from "../api-client.ts";
import type { Bench } from "./bench.ts";

/**
 * Serves a burning station over two streams until the first one ends: a command a line, an object of JSON as its answer.
 *
 * `next [label]` answers a certificate, or `{"left":0}` when none is left. `ok NAME` confirms that it was burned, `failed NAME` that it was not.
 * `status` answers the standing. What cannot be done answers `{"error":"..."}`, and the station goes on.
 */
export async function serveStation(
  bench: Bench,
  { input, output }: { input: Readable; output: Writable },
): Promise<void> {
  for await (const line of createInterface({ input })) {
    const command = line.trim();
    if (command !== "") output.write(`${JSON.stringify(answer(bench, command))}\n`);
  }
}

function answer(bench: Bench, command: string): object {
  const [word = "", ...rest] = command.split(/\s+/);
  const argument = rest.join(" ");
  try {
    switch (word) {
      case "next":
        return bench.take(1, argument === "" ? undefined : argument)[0] ?? { left: 0 };
      case "ok":
        bench.settle(argument, "burned");
        return { burned: argument };
      case "failed":
        bench.settle(argument, "spoiled");
        return { spoiled: argument };
      case "status":
        return bench.standing();
      default:
        return { error: `${word.slice(0, 32)} is no command; there are next, ok, failed and status` };
    }
  } catch (error) {
    if (error instanceof CliError) return { error: error.message };
    throw error;
  }
}
