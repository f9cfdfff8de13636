import { readFileSync } from "node:fs";
import { startPostgres } from "/work/main/packages/testkit/src/servers/index.ts";
import { createSqlDeviceRegistry, createSqlTimeline, migrate, openPostgres } from "/work/main/packages/postgres/src/index.ts";
import { postgresCpuSeconds } from "./postgres-cpu.ts";
const N = Number(process.argv[2] ?? 20000), PER = Number(process.argv[3] ?? 264);
const server = await startPostgres({ durable: true, settings: { shared_buffers: "512MB", max_wal_size: "4GB", autovacuum: process.argv[4] ?? "on" } });
const database = await openPostgres({ url: await server.createDatabase(), onFault: console.error });
await migrate(database);
const c = await database.connectPatiently();
await c.query(`insert into products (product_key, name, node_type, policy, topic_classes, sealed_secret, created_at_ms) values ('a1b2C3d4E5f', 'b', 'device', '{}', '[]', 'sealed', 0)`);
await c.query(`insert into devices (product_key, device_name, iot_id, sealed_secret, tags, created_at_ms, activated_at_ms)
 select 'a1b2C3d4E5f', 'device_' || n, 'iot' || lpad(n::text, 28, '0'), repeat(md5(n::text), 3), '{}', 0, 1 from generate_series(0, $1::int - 1) as n`, [N]);
await c.query(`insert into timeline (iot_id, at_ms, kind, detail)
 select 'iot' || lpad(n::text, 28, '0'), event, 'offline', '{"why": "the device closed the connection"}'
 from generate_series(0, $1::int-1) as n, generate_series(1, $2::int) as event`, [N, PER]);
await c.query("vacuum analyze devices, timeline");
await c.query("checkpoint");
const timeline = createSqlTimeline(database, { maxPerDevice: 1_000_000 });
const trimming = createSqlTimeline(database, { maxPerDevice: 200 });
const registry = createSqlDeviceRegistry(database);
const draw = (epoch: number) => Array.from({ length: 278 }, () => { const n = Math.floor(Math.random() * N); return { device: { productKey: "a1b2C3d4E5f", deviceName: "device_" + n } as never, iotId: "iot" + String(n).padStart(28, "0"), epoch, online: Math.random() < 0.5, atMs: Date.now(), peer: "192.0.2.1:4444", transport: "mqtt" }; });
const ev = (cs: any[]) => cs.map(({ device, iotId, atMs, peer, transport }) => ({ device, iotId, kind: "online" as const, atMs, detail: { transport, peer } }));
async function time(name: string, rounds: number, work: (i: number) => Promise<unknown>) {
  const before = await postgresCpuSeconds(database); const t = performance.now();
  for (let i = 0; i < rounds; i += 1) await work(i);
  const cpu = (await postgresCpuSeconds(database)) - before;
  console.log(name, (cpu * 1e6 / rounds / 278).toFixed(1), "µs a change", cpu.toFixed(2), "s cpu", ((performance.now() - t) / 1000).toFixed(1), "s");
}
for (let k = 0; k < 2; k += 1) {
  await time("presence", 360, (i) => registry.savePresence(draw(1e6 * (k + 1) + i)));
  await time("insert, no trim", 360, () => timeline.append(ev(draw(0))));
  await time("insert, trim", 360, () => trimming.append(ev(draw(0))));
}
await c.end(); await database.close(); await server.dispose();
