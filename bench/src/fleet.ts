import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchDevice } from "./bench-devices.ts";
import type { BenchApi } from "./servers.ts";

/** Registers devices as a batch. @returns their certificates, and how long it took from the request until the batch was done. */
export async function registerDevices(
  trine: BenchApi,
  count: number,
): Promise<{ devices: readonly BenchDevice[]; seconds: number }> {
  const { productKey } = (await call(trine, "POST", "/v1/products", { name: "benchmark" })) as { productKey: string };
  const began = performance.now();
  const { batchId } = (await call(trine, "POST", `/v1/products/${productKey}/batches`, {
    count,
    prefix: "bench_",
  })) as { batchId: string };
  for (;;) {
    const { status } = (await call(trine, "GET", `/v1/batches/${batchId}`)) as { status: string };
    if (status === "done") break;
    await new Promise((done) => setTimeout(done, 50));
  }
  const seconds = (performance.now() - began) / 1_000;
  const csv = await (await request(trine, "GET", `/v1/batches/${batchId}/certificates.csv`)).text();
  const devices = csv
    .trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [pk = "", deviceName = "", deviceSecret = ""] = line.split(",");
      return { productKey: pk, deviceName, deviceSecret };
    });
  return { devices, seconds };
}

/** Hands devices to a load process by file. */
export function writeDevices(devices: readonly BenchDevice[], label: string): string {
  const file = join(tmpdir(), `trine-bench-${process.pid}-${label}.json`);
  writeFileSync(file, JSON.stringify(devices), { mode: 0o600 });
  return file;
}

/** Calls the REST API. */
export async function call(trine: BenchApi, method: string, path: string, body?: unknown): Promise<unknown> {
  return (await request(trine, method, path, body)).json();
}

async function request(trine: BenchApi, method: string, path: string, body?: unknown): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${trine.adminPort}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${trine.adminKey}`,
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  return response;
}
