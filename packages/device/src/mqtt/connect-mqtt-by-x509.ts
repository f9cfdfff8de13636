import { nodeTlsOptions, type TlsOptions, type X509Identity } from "../channel/tls-options.ts";
import { DeviceError } from "../device-error.ts";
import { createMqttClient } from "./mqtt-client.ts";
import type { MqttConnection, MqttSessionOptions, MqttTarget } from "./mqtt-connection.ts";
import { openMqttChannel } from "./open-mqtt-channel.ts";

/** How a device connects that has an X.509 certificate in place of a secret. */
export interface MqttX509Options extends MqttTarget, MqttSessionOptions {
  readonly tls: TlsOptions & { readonly x509: X509Identity };
}

/** A device that was told who it is. */
export interface MqttX509Connection extends MqttConnection {
  readonly device: { readonly productKey: string; readonly deviceName: string };
}

// As the vendor's documentation has it (wire-format 2.10).
const CLIENT_ID = ".|securemode=2|";
const IDENTITY_TOPIC = "/ext/auth/identity/response";

/**
 * Connects over TLS with a client certificate and logs in without a word (wire-format 2.10): the gateway says who the device is.
 *
 * @throws DeviceError with the CONNACK return code, or `closed`.
 */
export async function connectMqttByX509(options: MqttX509Options): Promise<MqttX509Connection> {
  const { cleanSession = true, keepaliveSeconds = 60, onMessage } = options;
  let onIdentity: (payload: Buffer) => void;
  const identity = new Promise<Buffer>((done) => {
    onIdentity = done;
  });
  const client = createMqttClient(openMqttChannel(options, nodeTlsOptions(options.tls)), {
    ...options,
    onMessage: (message) => (message.topic === IDENTITY_TOPIC ? onIdentity(message.payload) : onMessage?.(message)),
  });
  const { sessionPresent } = await client.logIn({
    clientId: CLIENT_ID,
    username: "",
    password: Buffer.alloc(0),
    clean: cleanSession,
    keepalive: keepaliveSeconds,
  });
  const payload = await Promise.race([identity, client.operations.closed]);
  if (!payload) throw new DeviceError("closed", "the connection ended before the device was told who it is");
  return { ...client.operations, sessionPresent, device: JSON.parse(payload.toString()) };
}
