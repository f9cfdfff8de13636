import type { Session } from "../../auth/session.ts";

/** Whose connection it is. */
export type StatusSubject = Pick<Session, "device" | "iotId" | "peer" | "transport">;

/** What the uplink log says when a device comes or goes (wire-format 9.3). Times come as UTC alone: Trine knows no region. */
export function statusBody({ device, iotId, peer }: StatusSubject, online: boolean, atMs: number) {
  const utc = new Date(atMs).toISOString();
  const text = utc.replace("T", " ").replace("Z", "");
  return {
    status: online ? "online" : "offline",
    iotId,
    productKey: device.productKey,
    deviceName: device.deviceName,
    time: text,
    utcTime: utc,
    lastTime: text,
    utcLastTime: utc,
    clientIp: peer,
  };
}
