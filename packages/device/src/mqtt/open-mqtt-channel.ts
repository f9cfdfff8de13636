import type { ConnectionOptions } from "node:tls";
import { type Channel, openChannel } from "../channel/open-channel.ts";
import type { MqttTarget } from "./mqtt-connection.ts";

/** Opens the line of an MQTT connection (wire-format 2.5). */
export function openMqttChannel(
  { host, port, localAddress, webSocketPath }: MqttTarget,
  tls: ConnectionOptions | undefined,
): Channel {
  const webSocket = webSocketPath === undefined ? undefined : { path: webSocketPath, subprotocol: "mqtt" };
  return openChannel({ host, port, localAddress, tls, webSocket });
}
