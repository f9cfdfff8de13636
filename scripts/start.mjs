// npm start: installs, builds what the gateway needs, and becomes the gateway.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { root, runPnpm } from "./pnpm.mjs";

runPnpm(["install", "--frozen-lockfile", "--prefer-offline"]);
runPnpm(["exec", "turbo", "run", "build", "--filter=@trine/gateway...", "--output-logs=errors-only"]);

const gateway = spawn(process.execPath, [join(root, "apps/gateway/dist/main.js")], { cwd: root, stdio: "inherit" });
// The terminal signals the gateway too; this process only waits for it, so that the shell sees its exit code.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => gateway.kill(signal));
gateway.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
