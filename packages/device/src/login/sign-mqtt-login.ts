import type { DeviceCertificate } from "../device-certificate.ts";
import { type SignOptions, signFields } from "./sign-fields.ts";

/** How an MQTT device signs and what its client identifier says about it. */
export interface MqttSignOptions extends SignOptions {
  /** 2 over TLS, 3 over plain TCP (default). */
  readonly secureMode?: 2 | 3;
  /** The device will not subscribe to its system topics, and gets them all the same (`_ss=1`, wire-format 0.5). Default false. */
  readonly implicitSubscriptions?: boolean;
}

/** The three fields of an MQTT CONNECT that carry a login. */
export interface MqttLogin {
  readonly clientId: string;
  readonly username: string;
  readonly password: string;
}

/** Signs an MQTT login (wire-format 2.1). */
export function signMqttLogin(certificate: DeviceCertificate, options: MqttSignOptions = {}): MqttLogin {
  const { fields, signMethod, sign } = signFields(certificate, options);
  const block = [
    `securemode=${options.secureMode ?? 3}`,
    `signmethod=${signMethod}`,
    ...(fields.timestamp === undefined ? [] : [`timestamp=${fields.timestamp}`]),
    ...(options.implicitSubscriptions ? ["_ss=1"] : []),
  ];
  return {
    clientId: `${fields.clientId}|${block.join(",")}|`,
    username: `${certificate.deviceName}&${certificate.productKey}`,
    password: sign,
  };
}
