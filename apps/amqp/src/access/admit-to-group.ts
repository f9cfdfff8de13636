import { type GroupScope, READING_ROLE, type ReadableGroup, roleCovers } from "@trine/core/access";
import { createRecentKeys } from "@trine/core/guard";
import type { AuditLog, Clock, Recorder } from "@trine/core/ports";
import { TRANSPORT } from "../transport.ts";
import type { SignedIn } from "./create-gate.ts";
import type { OpenCounts } from "./open-counts.ts";
import { type AccessRefusal, refuseAccess, type SubscribeCode } from "./refuse-access.ts";

/** A place among the clients of a group. */
export interface Place {
  readonly read: ReadableGroup;
  leave(): void;
}

export interface AdmitDeps {
  readonly scope: GroupScope;
  readonly audit: AuditLog;
  readonly recorder: Pick<Recorder, "fault">;
  readonly clock: Clock;
  readonly groups: OpenCounts;
  readonly keys: OpenCounts;
}

/** Lets an application that signed in to a group, by the rules of the REST API. Never throws. */
export type AdmitToGroup = (who: SignedIn, peer: string) => Promise<Place | AccessRefusal<SubscribeCode>>;

/** The same refusal again within this time is not written down again: a client that tries for ever must not fill the log. */
const AGAIN_MS = 60_000;
const MAX_REMEMBERED = 1_000;

export function createAdmitToGroup({ scope, audit, recorder, clock, groups, keys }: AdmitDeps): AdmitToGroup {
  const notedAt = createRecentKeys<number>(MAX_REMEMBERED);

  async function noteRefused({ username, key }: SignedIn, code: SubscribeCode, peer: string): Promise<void> {
    const { group: target } = username;
    const actor = `${key.name} (${key.accessKeyId})`;
    const atMs = clock.nowMs();
    const same = [key.accessKeyId, code, target].join(" ");
    if (atMs - (notedAt.get(same) ?? 0) < AGAIN_MS) return;
    await audit.record({ atMs, actor, action: "access.refused", target, detail: { transport: TRANSPORT, code }, peer });
    notedAt.set(same, atMs);
  }

  async function decide(who: SignedIn, peer: string): Promise<Place | AccessRefusal<SubscribeCode>> {
    const { username, key } = who;
    const read = roleCovers(key.role, READING_ROLE) ? await scope.toRead(username.group, key) : "role_too_low";
    if (typeof read === "string") {
      await noteRefused(who, read, peer);
      return refuseAccess(read, `the group ${username.group}`);
    }
    const leaveKey = keys.take(username.accessKeyId);
    if (!leaveKey) return refuseAccess("key_full", `the access key ${username.accessKeyId}`);
    const leaveGroup = groups.take(username.group);
    if (!leaveGroup) {
      leaveKey();
      return refuseAccess("group_full", `the group ${username.group}`);
    }
    return {
      read,
      leave() {
        leaveKey();
        leaveGroup();
      },
    };
  }

  return (who, peer) =>
    decide(who, peer).catch((error: unknown) => {
      recorder.fault("subscription", error);
      return refuseAccess("unavailable", "fault");
    });
}
