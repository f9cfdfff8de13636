import { deviceKey } from "../../certificate/names.ts";
import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenAttempt } from "./verify-mac.ts";

/** Refuses a login of one device over a channel that another one opened with its pre-shared key (wire-format 2.8). */
export function checkChannel({ attempt: { channel, device } }: ProvenAttempt): Refusal | undefined {
  if (channel?.kind !== "psk" || deviceKey(channel.device) === deviceKey(device)) return undefined;
  return refuse("bad_credentials", `the channel was opened by ${deviceKey(channel.device)}`);
}
