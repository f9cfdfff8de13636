import { type Refusal, refuse } from "../refusal.ts";
import type { ProvenAttempt } from "./proven-attempt.ts";

/** Refuses a disabled device. After the MAC: only the owner learns that it is disabled. */
export function checkStatus({ credentials }: ProvenAttempt): Refusal | undefined {
  return credentials.disabled ? refuse("disabled", "the device is disabled") : undefined;
}
