import type { SignInDelays } from "@trine/core/access";
import type { AuditLog } from "@trine/core/ports";

/**
 * Makes what is called for every wrong key or signature: it counts against where it came from, and the audit log has the one from which on that
 * network waits.
 */
export function createWrongKeys({ delays, audit }: { delays: SignInDelays; audit: AuditLog }) {
  return async (peer: string): Promise<void> => {
    if (!delays.noteWrong(peer)) return;
    const detail = { reason: "wrong_keys" };
    await audit.record({ atMs: Date.now(), actor: "unknown", action: "access.held_up", target: peer, detail, peer });
  };
}
