import { connect } from "node:net";
import { signMqttLogin } from "../login/sign-mqtt-login.ts";
import { createMqttClient } from "./mqtt-client.ts";
import type { MqttConnection, MqttOptions } from "./mqtt-connection.ts";

/**
 * Connects and logs in over MQTT 3.1.1 on a plain TCP connection.
 *
 * @throws DeviceError with the CONNACK return code, or `closed`.
 */
export async function connectMqtt(options: MqttOptions): Promise<MqttConnection> {
  const { host, port, certificate, localAddress } = options;
  const socket = connect({ host, port, noDelay: true, ...(localAddress === undefined ? {} : { localAddress }) });
  const client = createMqttClient(socket, options);
  const { signMethod, implicitSubscriptions = false, cleanSession = true, keepaliveSeconds = 60 } = options;
  const login = signMqttLogin(certificate, {
    implicitSubscriptions,
    ...(signMethod === undefined ? {} : { signMethod }),
  });
  const { sessionPresent } = await client.logIn({
    ...login,
    password: Buffer.from(login.password),
    clean: cleanSession,
    keepalive: keepaliveSeconds,
  });
  return { ...client.operations, sessionPresent };
}
