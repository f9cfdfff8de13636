import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { computeMac, derivePsk, formatPskIdentity, stringToSign } from "@trine/core/certificate";
import type { DeviceCertificate } from "@trine/core/registry";
import type { DemoCertificates } from "./demo-product.ts";

/** Where the devices' listeners are; an absent one is turned off. */
export interface DevicePorts {
  readonly mqtt: number | undefined;
  readonly mqtts: number | undefined;
  readonly http: number | undefined;
  readonly https: number | undefined;
  readonly coap: number | undefined;
}

const HOST = "127.0.0.1";

/** The vendor's C SDKs send always this one (wire-format 2.8). */
const PSK_TIMESTAMP = "2524608000000";

/** Shell lines that log the demo devices in, one a protocol, ready to paste. */
export function tryItLines({ mqtt, http, coap }: DemoCertificates, ports: DevicePorts): readonly string[] {
  const lines: string[] = [];
  if (ports.mqtt !== undefined) lines.push(mosquittoLine(mqtt, `-p ${ports.mqtt}`, 3));
  if (ports.http !== undefined) lines.push(curlLine(http, `http://${HOST}:${ports.http}`));
  if (ports.coap !== undefined) lines.push(coapLine(coap, ports.coap));
  return lines;
}

/** The same over TLS, by the gateway's certificate and by the key that it shares with the device. */
export function secureLines({ mqtt, http }: DemoCertificates, ports: DevicePorts, caFile: string): readonly string[] {
  const lines: string[] = [];
  if (ports.mqtts !== undefined) {
    lines.push(mosquittoLine(mqtt, `-p ${ports.mqtts} --cafile '${caFile}'`, 2));
    lines.push(mosquittoLine(mqtt, `-p ${ports.mqtts} ${pskOptions(mqtt)}`, 2));
  }
  if (ports.https !== undefined) lines.push(curlLine(http, `--cacert '${caFile}' https://${HOST}:${ports.https}`));
  return lines;
}

function mosquittoLine(certificate: DeviceCertificate, target: string, secureMode: 2 | 3): string {
  const { productKey, deviceName } = certificate;
  const { clientId, sign } = signed(certificate);
  return (
    `mosquitto_pub -h ${HOST} ${target} -i '${clientId}|securemode=${secureMode},signmethod=hmacsha256|' ` +
    `-u '${deviceName}&${productKey}' -P ${sign} -q 1 -t /${productKey}/${deviceName}/user/update -m '{"hello":"trine"}'`
  );
}

/** The key is a text, and mosquitto wants it in hex (wire-format 2.8). */
function pskOptions({ productKey, deviceName, deviceSecret }: DeviceCertificate): string {
  const identity = { device: { productKey, deviceName }, timestamp: PSK_TIMESTAMP };
  const key = derivePsk(deviceSecret, identity).toString("hex");
  return `--psk ${key} --psk-identity '${formatPskIdentity(identity)}' --tls-version tlsv1.2`;
}

function curlLine(certificate: DeviceCertificate, target: string): string {
  return `curl -s ${target}/auth -H 'Content-Type: application/json' -d '${authBody(certificate)}'`;
}

function coapLine(certificate: DeviceCertificate, port: number): string {
  return `${coapClient()} -m post -t 50 -e '${authBody(certificate)}' coap://${HOST}:${port}/auth`;
}

function authBody(certificate: DeviceCertificate): string {
  const { productKey, deviceName } = certificate;
  return JSON.stringify({ productKey, deviceName, ...signed(certificate), signmethod: "hmacsha256" });
}

function signed({ productKey, deviceName, deviceSecret }: DeviceCertificate): { clientId: string; sign: string } {
  const clientId = `${productKey}.${deviceName}`;
  const text = stringToSign({ clientId, deviceName, productKey });
  return { clientId, sign: computeMac("hmacsha256", deviceSecret, text).toString("hex") };
}

/** Debian names the client by its TLS library, others do not. */
function coapClient(): string {
  const names = ["coap-client", "coap-client-notls", "coap-client-openssl", "coap-client-gnutls"];
  return names.find(isOnPath) ?? "coap-client";
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? "").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
