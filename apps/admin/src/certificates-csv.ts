import type { DeviceCertificate } from "@trine/core/registry";
import { stringify } from "csv-stringify/sync";

/** Rows that are written at once: a stream of single rows spends its time on handing them over. */
const ROWS = 500;

/** Certificates as CSV with a header line, a piece at a time. */
export async function* certificatesCsv(certificates: AsyncIterable<DeviceCertificate>): AsyncGenerator<string> {
  let rows: string[][] = [["ProductKey", "DeviceName", "DeviceSecret"]];
  for await (const { productKey, deviceName, deviceSecret } of certificates) {
    rows.push([productKey, deviceName, deviceSecret.reveal()]);
    if (rows.length < ROWS) continue;
    yield stringify(rows);
    rows = [];
  }
  if (rows.length > 0) yield stringify(rows);
}
