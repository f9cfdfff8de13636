import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { computeMac, stringToSign } from "@trine/core/certificate";
import type { DeviceCertificate } from "@trine/core/registry";
import type { DemoCertificates } from "./demo-product.ts";

/** Where the devices' listeners are; an absent one is turned off. */
export interface DevicePorts {
  readonly mqtt: number | undefined;
  readonly http: number | undefined;
  readonly coap: number | undefined;
}

/** Shell lines that log the demo devices in, one a protocol, ready to paste. */
export function tryItLines(certificates: DemoCertificates, ports: DevicePorts): readonly string[] {
  const lines: string[] = [];
  if (ports.mqtt !== undefined) lines.push(mosquittoLine(certificates.mqtt, ports.mqtt));
  if (ports.http !== undefined) lines.push(curlLine(certificates.http, ports.http));
  if (ports.coap !== undefined) lines.push(coapLine(certificates.coap, ports.coap));
  return lines;
}

function mosquittoLine(certificate: DeviceCertificate, port: number): string {
  const { productKey, deviceName } = certificate;
  const { clientId, sign } = signed(certificate);
  return (
    `mosquitto_pub -h 127.0.0.1 -p ${port} -i '${clientId}|securemode=3,signmethod=hmacsha256|' ` +
    `-u '${deviceName}&${productKey}' -P ${sign} -q 1 -t /${productKey}/${deviceName}/user/update -m '{"hello":"trine"}'`
  );
}

function curlLine(certificate: DeviceCertificate, port: number): string {
  return `curl -s http://127.0.0.1:${port}/auth -H 'Content-Type: application/json' -d '${authBody(certificate)}'`;
}

function coapLine(certificate: DeviceCertificate, port: number): string {
  return `${coapClient()} -m post -t 50 -e '${authBody(certificate)}' coap://127.0.0.1:${port}/auth`;
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
