import { type DeviceRef, deviceKey } from "../../certificate/names.ts";
import type { AuthDeps } from "../auth-deps.ts";
import type { ChannelProof } from "../channel-proof.ts";
import { isRefusal, type Refusal, refuse } from "../refusal.ts";
import { findCertified } from "./find-certified.ts";
import type { ProvenMac } from "./verify-mac.ts";
import { verifyX509 } from "./verify-x509.ts";

type Deps = Pick<AuthDeps, "x509" | "clock">;

/**
 * Refuses a login of one device over a channel that another one opened, with its pre-shared key (wire-format 2.8) or its certificate. One that
 * is of no device proves nothing, and the MAC was right.
 */
export async function checkChannel({ attempt }: ProvenMac, deps: Deps): Promise<Refusal | undefined> {
  const { channel, device } = attempt;
  const opener = channel && (await openerOf(channel, attempt, deps));
  if (!opener || deviceKey(opener) === deviceKey(device)) return undefined;
  return refuse("bad_credentials", `the channel was opened by ${deviceKey(opener)}`);
}

async function openerOf(
  channel: ChannelProof,
  { transport, peer, keep }: ProvenMac["attempt"],
  deps: Deps,
): Promise<DeviceRef | undefined> {
  if (channel.kind === "psk") return channel.device;
  const certified = await findCertified({ x509: channel.chain, transport, peer, keep }, deps);
  const proven = verifyX509(certified, deps);
  return isRefusal(proven) ? undefined : proven.credentials.device;
}
