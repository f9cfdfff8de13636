import { cpus } from "node:os";
import { setTimeout as wait } from "node:timers/promises";
import { parseArgs } from "node:util";
import { parseDeviceRef } from "@trine/core/certificate";
import type { PresenceChange, TimelineEvent } from "@trine/core/ports";
import {
  createSqlDeviceRegistry,
  createSqlTimeline,
  migrate,
  openPostgres,
  type PostgresDatabase,
  type SqlDatabase,
} from "@trine/postgres";
import { startPostgres } from "@trine/testkit/servers";
import { sql } from "drizzle-orm";
import { postgresCpuSeconds } from "../postgres-cpu.ts";

// npm run bench:presence [-- --devices 1000000 --changes 100000 --minutes 3]: what presence and timelines cost Postgres. With
// --full every timeline is full from the start, so that each event costs the deletion of another; that is so many rows that fewer
// devices or fewer --events of a device are to be asked for.
const { values } = parseArgs({
  options: {
    devices: { type: "string", default: "1000000" },
    changes: { type: "string", default: "100000" },
    minutes: { type: "string", default: "3" },
    nodes: { type: "string", default: "3" },
    events: { type: "string", default: "200" },
    full: { type: "boolean", default: false },
  },
});
const devices = Number(values.devices);
const changesPerMinute = Number(values.changes);
const minutes = Number(values.minutes);
const nodes = Number(values.nodes);
const maxEvents = Number(values.events);

/** As a process writes behind. */
const FLUSH_MS = 500;
const PRODUCT_KEY = "a1b2C3d4E5f";

const server = await startPostgres({ durable: true, settings: { shared_buffers: "512MB", max_wal_size: "4GB" } });
const database = await openPostgres({ url: await server.createDatabase(), onFault: console.error });
try {
  await migrate(database);
  await seed(database);
  console.error(`${devices} devices are registered`);
  for (let minute = 1; minute <= minutes; minute += 1) {
    const measured = await measureMinute(database, minute);
    console.log(
      `minute ${minute}: ${measured.written} changes with their timeline, ${measured.cpuSeconds.toFixed(2)} s CPU = ${(measured.cpuSeconds / 0.6).toFixed(1)} % of a core, ${((measured.cpuSeconds * 1e6) / measured.written).toFixed(0)} µs each, ${Math.round(measured.walMb)} MB of WAL, ${Math.round(measured.hotShare * 100)} % of updates in place`,
    );
  }
  console.log(`${cpus()[0]?.model}, ${cpus().length} cores, ${new Date().toISOString().slice(0, 10)}`);
} finally {
  await database.close();
  await server.dispose();
}

/** Devices as registration makes them, activated, some with tags. */
async function seed({ connectPatiently }: PostgresDatabase): Promise<void> {
  const client = await connectPatiently();
  await client.query(
    `insert into products (product_key, name, node_type, policy, topic_classes, sealed_secret, created_at_ms)
      values ($1, 'benchmark', 'device', '{}', '[]', 'sealed', 0)`,
    [PRODUCT_KEY],
  );
  await client.query(
    `insert into devices (product_key, device_name, iot_id, sealed_secret, tags, created_at_ms, activated_at_ms)
      select $1, 'device_' || n, 'iot' || lpad(n::text, 28, '0'), repeat(md5(n::text), 3),
        case when n % 4 = 0 then jsonb_build_object('room', n % 100) else '{}' end, 0, 1
      from generate_series(0, $2::int - 1) as n`,
    [PRODUCT_KEY, devices],
  );
  if (values.full) {
    // Half of what is deleted in one go is there beyond the maximum, as after a long time.
    await client.query(
      `insert into timeline (iot_id, at_ms, kind, detail)
        select 'iot' || lpad(n::text, 28, '0'), event, 'offline', '{"why": "the device closed the connection"}'
        from generate_series(0, $1::int - 1) as n, generate_series(1, $2::int + (n * 31) % 128) as event`,
      [devices, maxEvents],
    );
  }
  await client.query("vacuum analyze devices, timeline");
  await client.query("checkpoint");
  await client.end();
}

async function measureMinute(db: SqlDatabase, minute: number) {
  const before = await countersOf(db);
  const began = performance.now();
  let written = 0;
  const write = nodeWriter(db);
  const perFlush = Math.ceil((changesPerMinute * FLUSH_MS) / 60_000 / nodes);
  for (let flush = 0; written < changesPerMinute; flush += 1) {
    for (let node = 0; node < nodes; node += 1) {
      await write(perFlush, minute * 1e9 + flush * 1e4 + node);
      written += perFlush;
    }
    await wait(Math.max(0, began + (flush + 1) * FLUSH_MS - performance.now()));
  }
  const after = await countersOf(db);
  return {
    written,
    cpuSeconds: after.cpuSeconds - before.cpuSeconds,
    walMb: (after.walBytes - before.walBytes) / 1e6,
    hotShare: (after.hotUpdates - before.hotUpdates) / (after.updates - before.updates),
  };
}

/** One flush of one node: presence of devices drawn at random, coming or going, and the same in their timelines. */
function nodeWriter(db: SqlDatabase) {
  const registry = createSqlDeviceRegistry(db);
  const timeline = createSqlTimeline(db, { maxPerDevice: maxEvents });
  return async (count: number, epoch: number): Promise<void> => {
    const changes = Array.from({ length: count }, () => aChange(epoch));
    await Promise.all([registry.savePresence(changes), timeline.append(changes.map(eventOf))]);
  };
}

function aChange(epoch: number): PresenceChange {
  const number = Math.floor(Math.random() * devices);
  const device = parseDeviceRef(PRODUCT_KEY, `device_${number}`);
  if (!device) throw new Error("the names of the benchmark are valid");
  const iotId = `iot${String(number).padStart(28, "0")}`;
  const online = Math.random() < 0.5;
  return {
    device,
    iotId,
    epoch,
    online,
    atMs: Date.now(),
    peer: `192.0.2.${number % 256}:${1024 + (number % 60_000)}`,
    transport: "mqtt",
  };
}

function eventOf({ device, iotId, online, atMs, peer, transport }: PresenceChange): TimelineEvent {
  if (online) return { device, iotId, kind: "online", atMs, detail: { transport, peer } };
  return { device, iotId, kind: "offline", atMs, detail: { why: "the device closed the connection" } };
}

async function countersOf(db: SqlDatabase) {
  const { rows } = await db.db.execute<Record<"wal" | "updates" | "hot", string>>(
    sql`select pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') as wal, n_tup_upd as updates, n_tup_hot_upd as hot
      from pg_stat_user_tables where relname = 'devices'`,
  );
  const { wal, updates, hot } = rows[0] ?? { wal: "0", updates: "0", hot: "0" };
  const cpuSeconds = await postgresCpuSeconds(db);
  return { cpuSeconds, walBytes: Number(wal), updates: Number(updates), hotUpdates: Number(hot) };
}
