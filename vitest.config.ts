import { availableParallelism } from "node:os";
import { defineConfig } from "vitest/config";

const source = { resolve: { conditions: ["trine-source"] }, ssr: { resolve: { conditions: ["trine-source"] } } };

export default defineConfig({
  ...source,
  test: {
    include: ["{packages,apps}/*/{src,test}/**/*.test.ts", "tests/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    globalSetup: ["packages/testkit/src/servers/global-setup.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    pool: "forks",
    // Most of a run waits, for leases and restarts of servers; with one worker a machine of two cores idles through it.
    maxWorkers: Math.max(2, availableParallelism() - 1),
  },
});
