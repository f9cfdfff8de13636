import { nodePskOptions, nodeTlsOptions } from "../channel/tls-options.ts";
import { signMqttLogin } from "../login/sign-mqtt-login.ts";
import { createMqttClient } from "./mqtt-client.ts";
import type { MqttConnection, MqttOptions } from "./mqtt-connection.ts";
import { openMqttChannel } from "./open-mqtt-channel.ts";

/**
 * Connects and logs in over MQTT 3.1.1.
 *
 * @throws DeviceError with the CONNACK return code, or `closed`.
 */
export async function connectMqtt(options: MqttOptions): Promise<MqttConnection> {
  const { certificate, tls, signMethod, implicitSubscriptions = false } = options;
  const channel = openMqttChannel(options, tls === "psk" ? nodePskOptions(certificate) : tls && nodeTlsOptions(tls));
  const client = createMqttClient(channel, options);
  const login = signMqttLogin(certificate, {
    secureMode: tls ? 2 : 3,
    implicitSubscriptions,
    ...(signMethod === undefined ? {} : { signMethod }),
  });
  const { cleanSession = true, keepaliveSeconds = 60 } = options;
  const { sessionPresent } = await client.logIn({
    ...login,
    password: Buffer.from(login.password),
    clean: cleanSession,
    keepalive: keepaliveSeconds,
  });
  return { ...client.operations, sessionPresent };
}
