import type { SessionHolder } from "../messaging/contracts.ts";
import type { Clock } from "../ports/clock.ts";

/** Makes what closes the connections of this node whose certificate has expired: a session ends with the certificate that it was made with. */
export function createCloseExpired(deps: {
  holders: Pick<SessionHolder, "held" | "closeOlder">;
  clock: Pick<Clock, "nowMs">;
}): () => Promise<number> {
  const { holders, clock } = deps;
  return async () => {
    const nowMs = clock.nowMs();
    const expired = [...holders.held()].filter(
      ({ session: { x509 } }) => x509 !== undefined && x509.notAfterMs < nowMs,
    );
    const closed = await Promise.all(expired.map(({ session, epoch }) => holders.closeOlder(session.device, epoch)));
    return closed.reduce((sum, each) => sum + each, 0);
  };
}
