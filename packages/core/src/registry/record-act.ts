import type { Actor } from "./contracts.ts";
import type { RegistryDeps } from "./registry-deps.ts";

/** Writes what an operator did into the audit log. `detail` never holds a secret. */
export async function recordAct(
  { audit, clock }: Pick<RegistryDeps, "audit" | "clock">,
  actor: Actor,
  act: { action: string; target: string; detail?: Readonly<Record<string, unknown>> },
): Promise<void> {
  const { action, target, detail = {} } = act;
  await audit.record({ atMs: clock.nowMs(), actor: actor.name, peer: actor.peer, action, target, detail });
}
