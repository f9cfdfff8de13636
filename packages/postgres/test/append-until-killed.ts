// Appends to an embedded database, and prints each message once its append is acknowledged, until somebody kills the process.
import { aDeviceRef, anUplink } from "@trine/testkit/ports";
import { createSqlUplinkLog, migrate, openPglite } from "../src/index.ts";

const database = await openPglite({ dataDir: process.argv[2] ?? "" });
await migrate(database);
const log = createSqlUplinkLog(database);
console.log("ready");

async function appendForEver(sender: number): Promise<never> {
  const device = aDeviceRef();
  for (let number = 0; ; number += 1) {
    const text = `${sender}-${number}`;
    await log.append(anUplink(device, { payload: Buffer.from(text) }));
    console.log(`kept ${text}`);
  }
}

await Promise.all(Array.from({ length: 20 }, (_, sender) => appendForEver(sender)));
