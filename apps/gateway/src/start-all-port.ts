import type { RunningAdapter } from "@trine/core/platform";
import type { Ingress, Receivers } from "@trine/ingress";
import type { GatewaySettings } from "./settings.ts";

/**
 * Listens on one port for every protocol over TCP. The vendor's C SDK v3 dials 443 for all of them, with TLS and without (wire-format 2.5).
 *
 * @throws StartError when the port cannot be had.
 */
export async function startAllPort(
  settings: Pick<GatewaySettings, "TRINE_DEVICE_HOST" | "TRINE_ALL_PORT">,
  ingress: Ingress,
  receivers: Receivers,
): Promise<RunningAdapter> {
  const { TRINE_DEVICE_HOST: host, TRINE_ALL_PORT: port } = settings;
  if (port === "off") return { ports: {}, stop: async () => undefined };
  const setting = "TRINE_ALL_PORT";
  const listener = await ingress.listen({ host, port, setting, tls: ingress.hasTls ? "also" : "never", receivers });
  return { ports: { [setting]: listener.port }, stop: () => listener.stop() };
}
