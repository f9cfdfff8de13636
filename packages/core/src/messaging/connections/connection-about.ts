import type { DeviceRef } from "../../certificate/names.ts";
import type { StatusSubject } from "./status-body.ts";

/** What a node leaves in the directory about a connection, so that another one can tell of its end. */
export interface ConnectionAbout extends StatusSubject {
  readonly statusTopic: string;
}

/** Writes what is needed to announce the end of a connection. */
export function writeAbout({ iotId, peer, transport }: StatusSubject, statusTopic: string): string {
  return JSON.stringify([iotId, peer, transport, statusTopic]);
}

/** Reads what `writeAbout` wrote; `undefined` when it is of another version. */
export function readAbout(device: DeviceRef, text: string): ConnectionAbout | undefined {
  try {
    const fields: unknown = JSON.parse(text);
    if (!Array.isArray(fields) || fields.length < 4 || !fields.every((field) => typeof field === "string"))
      return undefined;
    const [iotId = "", peer = "", transport = "", statusTopic = ""] = fields;
    return { device, iotId, peer, transport, statusTopic };
  } catch {
    return undefined;
  }
}
