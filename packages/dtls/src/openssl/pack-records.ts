import { RECORD_HEADER_BYTES } from "../wire/record.ts";

/** Cuts what OpenSSL wrote, records without a border, into datagrams: as many records in each as the MTU takes. */
export function packRecords(bytes: Buffer, mtu: number): Buffer[] {
  const datagrams: Buffer[] = [];
  let start = 0;
  let at = 0;
  while (at + RECORD_HEADER_BYTES <= bytes.length) {
    const next = at + RECORD_HEADER_BYTES + bytes.readUInt16BE(at + 11);
    if (next - start > mtu && at > start) {
      datagrams.push(bytes.subarray(start, at));
      start = at;
    }
    at = next;
  }
  if (start < bytes.length) datagrams.push(bytes.subarray(start));
  return datagrams;
}
