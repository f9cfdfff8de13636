import type { Platform } from "@trine/core/platform";
import type { ConnectionTable } from "./connection-table.ts";
import type { DeviceConnection } from "./device-connection.ts";
import { signOff } from "./sign-in.ts";

/** Ends a device's connection that nothing comes over any more. */
export async function endConnection(
  connection: DeviceConnection,
  { table, platform }: { table: ConnectionTable; platform: Platform },
): Promise<void> {
  // What the device sent before its goodbye goes before the news of it; until then a revocation has to find it.
  await connection.publishes.idle();
  table.remove(connection);
  await connection.pump.end().catch((error: unknown) => platform.recorder.fault("mailbox_let_go", error));
  await signOff(connection, platform);
}
