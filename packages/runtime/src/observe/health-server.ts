import { createServer, type ServerResponse } from "node:http";
import { listenOn } from "../process/listener.ts";
import type { Metrics } from "./metrics.ts";

/** What stands in the way of being ready, by part; an empty list is ready. */
export type ReadinessCheck = () => Promise<readonly Complaint[]>;

export interface Complaint {
  readonly part: string;
  readonly detail: string;
  /** A warning is shown and does not make the process unready. */
  readonly severity: "error" | "warning";
}

/**
 * Serves `/metrics`, `/healthz` (the process lives) and `/readyz` (it can serve devices now: 200 or 503, with the complaints).
 */
export async function startHealthServer(options: {
  host: string;
  port: number;
  metrics: Metrics;
  readiness: ReadinessCheck;
}): Promise<{ port: number; stop(): Promise<void> }> {
  const { metrics, readiness } = options;
  const server = createServer((request, response) => {
    const path = request.url?.split("?")[0];
    if (request.method !== "GET" && request.method !== "HEAD")
      return sendJson(response, 405, { code: "method_not_allowed" });
    if (path === "/healthz") return sendJson(response, 200, { status: "ok" });
    if (path === "/readyz") return void answerReadiness(response, readiness);
    if (path === "/metrics") return void answerMetrics(response, metrics, readiness);
    sendJson(response, 404, { code: "not_found", detail: "here are /metrics, /healthz and /readyz" });
  });
  const port = await listenOn(server, { host: options.host, port: options.port, setting: "TRINE_METRICS_PORT" });
  return {
    port,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

async function answerReadiness(response: ServerResponse, readiness: ReadinessCheck): Promise<void> {
  const complaints = await readiness();
  const ready = complaints.every(({ severity }) => severity === "warning");
  sendJson(response, ready ? 200 : 503, { status: ready ? "ready" : "not_ready", complaints });
}

async function answerMetrics(
  response: ServerResponse,
  { registry }: Metrics,
  readiness: ReadinessCheck,
): Promise<void> {
  // Whether the stores answer is measured by asking them, and a scraper may be the only one who asks.
  await readiness();
  const text = await registry.metrics();
  response.writeHead(200, { "content-type": registry.contentType }).end(text);
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}
